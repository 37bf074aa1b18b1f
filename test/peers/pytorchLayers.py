"""ONNX's convolutions, poolings, normalisations, recurrent layers and attention by PyTorch's own functions. As in
pytorchOperators.py; raises NotImplementedError for what PyTorch has no counterpart of."""

import math

import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

import pytorchRecurrent


def integers(value):
    return [int(each) for each in value.reshape(-1)]


def same_padding(attributes, sizes, kernel, strides, dilations):
    """Begins and ends of the padding, from `pads` or `auto_pad`."""
    rank = len(kernel)
    pads = attributes.get("pads", [0] * (2 * rank))
    kind = attributes.get("auto_pad", "NOTSET")
    if kind == "VALID":
        return [0] * rank, [0] * rank
    if kind == "NOTSET":
        return list(pads[:rank]), list(pads[rank:])
    begins, ends = [], []
    for size, width, stride, dilation in zip(sizes, kernel, strides, dilations):
        total = max(0, (math.ceil(size / stride) - 1) * stride + dilation * (width - 1) + 1 - size)
        small, large = total // 2, total - total // 2
        begins.append(small if kind == "SAME_UPPER" else large)
        ends.append(large if kind == "SAME_UPPER" else small)
    return begins, ends


def padded(x, begins, ends, value=0.0):
    flat = [each for pair in zip(reversed(begins), reversed(ends)) for each in pair]
    return functional.pad(x, flat, value=value) if any(flat) else x


def conv(attributes, x, w, b=None):
    rank = x.dim() - 2
    strides, dilations = attributes.get("strides", [1] * rank), attributes.get("dilations", [1] * rank)
    begins, ends = same_padding(attributes, x.shape[2:], w.shape[2:], strides, dilations)
    function = [functional.conv1d, functional.conv2d, functional.conv3d][rank - 1]
    return function(padded(x, begins, ends), w, b, stride=strides, dilation=dilations, groups=attributes.get("group", 1))


def conv_transpose(attributes, x, w, b=None):
    rank = x.dim() - 2
    strides, dilations = attributes.get("strides", [1] * rank), attributes.get("dilations", [1] * rank)
    extra = attributes.get("output_padding", [0] * rank)
    function = [functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d][rank - 1]
    full = function(x, w, stride=strides, dilation=dilations, groups=attributes.get("group", 1))
    full = padded(full, [0] * rank, extra)
    kind = attributes.get("auto_pad", "NOTSET")
    if "output_shape" in attributes or kind.startswith("SAME"):
        wanted = attributes.get("output_shape", [size * stride for size, stride in zip(x.shape[2:], strides)])[-rank:]
        totals = [size - want for size, want in zip(full.shape[2:], wanted)]
        begins = [each // 2 if kind == "SAME_UPPER" else each - each // 2 for each in totals]
        ends = [each - begin for each, begin in zip(totals, begins)]
    else:
        begins, ends = same_padding(attributes, x.shape[2:], w.shape[2:], strides, dilations)
    cropped = padded(full, [-each for each in begins], [-each for each in ends])
    return cropped if b is None else cropped + b.reshape([1, -1] + [1] * rank)


def pool_window(attributes, x):
    """Kernel, strides, dilations, padding, and what the last window of ceil_mode needs beyond it."""
    kernel = attributes["kernel_shape"]
    rank = len(kernel)
    strides, dilations = attributes.get("strides", [1] * rank), attributes.get("dilations", [1] * rank)
    begins, ends = same_padding(attributes, x.shape[2:], kernel, strides, dilations)
    beyond = []
    for size, width, stride, dilation, begin, end in zip(x.shape[2:], kernel, strides, dilations, begins, ends):
        span = dilation * (width - 1) + 1
        room = size + begin + end - span
        windows = (math.ceil(room / stride) if attributes.get("ceil_mode", 0) else room // stride) + 1
        if attributes.get("ceil_mode", 0) and (windows - 1) * stride >= size + begin:
            windows -= 1
        beyond.append(max(0, (windows - 1) * stride + span - (size + begin + end)))
    return kernel, strides, dilations, begins, ends, beyond


def max_pool(attributes, x):
    kernel, strides, dilations, begins, ends, beyond = pool_window(attributes, x)
    function = [functional.max_pool1d, functional.max_pool2d, functional.max_pool3d][len(kernel) - 1]
    whole = padded(x, begins, [end + more for end, more in zip(ends, beyond)], -math.inf)
    return function(whole, kernel, stride=strides, dilation=dilations)


def window_sum(x, kernel, strides, dilations):
    function = [functional.conv1d, functional.conv2d, functional.conv3d][len(kernel) - 1]
    channels = x.shape[1]
    ones = torch.ones([channels, 1, *kernel], dtype=x.dtype)
    return function(x, ones, stride=strides, dilation=dilations, groups=channels)


def average_pool(attributes, x):
    kernel, strides, dilations, begins, ends, beyond = pool_window(attributes, x)
    nothing = [0] * len(kernel)
    sums = window_sum(padded(padded(x, begins, ends), nothing, beyond), kernel, strides, dilations)
    counted = padded(torch.ones_like(x), begins, ends, float(attributes.get("count_include_pad", 0)))
    return sums / window_sum(padded(counted, nothing, beyond), kernel, strides, dilations)


def lp_pool(attributes, x):
    kernel, strides, dilations, begins, ends, beyond = pool_window(attributes, x)
    p = attributes.get("p", 2)
    whole = padded(x.abs() ** p, begins, [end + more for end, more in zip(ends, beyond)])
    return window_sum(whole, kernel, strides, dilations) ** (1 / p)


def spatial(x):
    return list(range(2, x.dim()))


def batch_normalization(attributes, x, scale, bias, mean, variance):
    epsilon, momentum = attributes.get("epsilon", 1e-5), attributes.get("momentum", 0.9)
    if not attributes.get("training_mode", 0):
        # By the formula: PyTorch's own function lets no gradient through to the statistics.
        mean, variance, scale, bias = (each.reshape([1, -1] + [1] * (x.dim() - 2)) for each in (mean, variance, scale, bias))
        return (x - mean) * torch.rsqrt(variance + epsilon) * scale + bias
    axes = [0, *spatial(x)]
    y = functional.batch_norm(x, None, None, scale, bias, True, eps=epsilon)
    now, spread = x.mean(axes), x.var(axes, unbiased=False)
    return y, momentum * mean + (1 - momentum) * now, momentum * variance + (1 - momentum) * spread


def layer_normalization(attributes, x, scale, bias=None):
    axis = attributes.get("axis", -1) % x.dim()
    axes, epsilon = list(range(axis, x.dim())), attributes.get("epsilon", 1e-5)
    y = functional.layer_norm(x, x.shape[axis:], eps=epsilon) * scale
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, unbiased=False, keepdim=True)
    return (y if bias is None else y + bias), mean, torch.rsqrt(variance + epsilon)


def rms_normalization(attributes, x, scale):
    axis = attributes.get("axis", -1) % x.dim()
    return functional.rms_norm(x, x.shape[axis:], eps=attributes.get("epsilon", 1e-5)) * scale


def simplified(attributes, x, scale):
    axis = attributes.get("axis", -1) % x.dim()
    square = (x * x).mean(list(range(axis, x.dim())), keepdim=True)
    return rms_normalization(attributes, x, scale), torch.rsqrt(square + attributes.get("epsilon", 1e-5))


def skip_layer_normalization(attributes, x, skip, scale, bias=None, more=None):
    total = x + skip if more is None else x + skip + more
    return (*layer_normalization({"epsilon": attributes.get("epsilon", 1e-12)}, total, scale, bias), total)


def skip_simplified(attributes, x, skip, scale, more=None):
    total = x + skip if more is None else x + skip + more
    return rms_normalization({"epsilon": attributes.get("epsilon", 1e-12)}, total, scale), None, None, total


def mean_variance(attributes, x):
    axes = list(attributes.get("axes", [0, 2, 3]))
    centred = x - x.mean(axes, keepdim=True)
    return centred / (x.std(axes, unbiased=False, keepdim=True) + 1e-9)


def reordered(weights, order):
    """Gates from ONNX's order into PyTorch's."""
    blocks = weights.chunk(len(order), 0)
    return torch.cat([blocks[each] for each in order], 0)


def recurrent(function, gates, by_steps, has_cell=False):
    """PyTorch's own layer where it has the form, else step by step."""

    def run(attributes, x, w, r, b=None, lengths=None, h=None, c=None, peepholes=None):
        direction = attributes.get("direction", "forward")
        plain = not any(name in attributes for name in ("activations", "clip", "input_forget"))
        reset_first = function is torch._VF.gru and not attributes.get("linear_before_reset", 0)
        own = plain and lengths is None and peepholes is None and direction != "reverse" and not attributes.get("layout", 0)
        if not own or reset_first:
            return by_steps(attributes, x, w, r, b, lengths, h, c, peepholes)
        directions, hidden = w.shape[0], r.shape[-1]
        zeros = torch.zeros(directions, x.shape[1], hidden, dtype=x.dtype)
        flat = []
        for each in range(directions):
            flat += [reordered(w[each], gates), reordered(r[each], gates)]
            flat += [reordered(part, gates) for part in b[each].chunk(2)] if b is not None else []
        start = zeros if h is None else h
        state = (start, zeros if c is None else c) if has_cell else start
        y, *last = function(x, state, flat, b is not None, 1, 0.0, False, directions == 2, False)
        by_direction = y.reshape(x.shape[0], x.shape[1], directions, hidden).permute(0, 2, 1, 3)
        return (by_direction, *last)

    return run


def attention(attributes, q, k, v, mask=None, past_key=None, past_value=None):
    if attributes.get("qk_matmul_output_mode", 0) not in (0, 3):
        raise NotImplementedError("attention that shows its scores")

    def heads(x, name):
        return x if x.dim() == 4 else x.reshape(x.shape[0], x.shape[1], attributes[name], -1).transpose(1, 2)

    flat, causal, cap = q.dim() == 3, bool(attributes.get("is_causal", 0)), attributes.get("softcap", 0.0)
    q, k, v = heads(q, "q_num_heads"), heads(k, "kv_num_heads"), heads(v, "kv_num_heads")
    present_key = k if past_key is None else torch.cat([past_key, k], 2)
    present_value = v if past_value is None else torch.cat([past_value, v], 2)
    scores = None
    if past_key is None and not cap and not (causal and mask is not None):
        # PyTorch's fast kernels have no second derivative.
        with sdpa_kernel(SDPBackend.MATH):
            y = functional.scaled_dot_product_attention(
                q, k, v, attn_mask=mask, is_causal=causal, scale=attributes.get("scale"), enable_gqa=q.shape[1] != k.shape[1]
            )
    else:
        keys, values = (each.repeat_interleave(q.shape[1] // k.shape[1], 1) for each in (present_key, present_value))
        scores = q @ keys.mT * attributes.get("scale", q.shape[-1] ** -0.5)
        scores = cap * torch.tanh(scores / cap) if cap else scores
        if mask is not None:
            scores = scores + mask if mask.dtype != torch.bool else scores.masked_fill(~mask, -math.inf)
        if causal:
            before = torch.ones(q.shape[2], keys.shape[2], dtype=torch.bool).tril(keys.shape[2] - q.shape[2])
            scores = scores.masked_fill(~before, -math.inf)
        scores = torch.softmax(scores, -1)
        y = scores @ values
    return (y.transpose(1, 2).reshape(y.shape[0], y.shape[2], -1) if flat else y), present_key, present_value, scores


def resize(attributes, x, roi=None, scales=None, sizes=None):
    mode, coordinates = attributes.get("mode", "nearest"), attributes.get("coordinate_transformation_mode", "half_pixel")
    forms = {
        ("nearest", "asymmetric"): ("nearest", None),
        ("linear", "half_pixel"): ("linear", False),
        ("linear", "align_corners"): ("linear", True),
        ("cubic", "half_pixel"): ("bicubic", False),
        ("cubic", "align_corners"): ("bicubic", True),
    }
    form = forms.get((mode, coordinates))
    special = any(attributes.get(name) for name in ("antialias", "axes", "exclude_outside"))
    keep = attributes.get("keep_aspect_ratio_policy", "stretch") != "stretch"
    if form is None or special or keep or (form[0] == "nearest" and attributes.get("nearest_mode") != "floor"):
        raise NotImplementedError("form of Resize")
    name = {1: "linear", 2: "bilinear", 3: "trilinear"}[x.dim() - 2] if form[0] == "linear" else form[0]
    given = {"size": integers(sizes)[2:]} if sizes is not None else {"scale_factor": scales.reshape(-1).tolist()[2:]}
    return functional.interpolate(x, mode=name, align_corners=form[1], **given)


def col2im(attributes, x, image, block):
    image, block = integers(image), integers(block)
    rank = len(image)
    pads = attributes.get("pads", [0] * (2 * rank))
    strides, dilations = attributes.get("strides", [1] * rank), attributes.get("dilations", [1] * rank)
    whole = [size + begin + end for size, begin, end in zip(image, pads[:rank], pads[rank:])]
    if rank == 1:
        whole, block, strides, dilations = [1, *whole], [1, *block], [1, *strides], [1, *dilations]
    y = functional.fold(x, whole, block, dilation=dilations, stride=strides)
    y = y.squeeze(2) if rank == 1 else y
    return padded(y, [-each for each in pads[:rank]], [-each for each in pads[rank:]])


def grid_sample(attributes, x, grid):
    mode = {"linear": "bilinear", "bilinear": "bilinear", "nearest": "nearest", "cubic": "bicubic", "bicubic": "bicubic"}
    return functional.grid_sample(
        x,
        grid,
        mode=mode[attributes.get("mode", "linear")],
        padding_mode=attributes.get("padding_mode", "zeros"),
        align_corners=bool(attributes.get("align_corners", 0)),
    )


def rotary_embedding(attributes, x, cos, sin, positions=None):
    flat = x.dim() == 3
    heads = x.reshape(x.shape[0], x.shape[1], attributes["num_heads"], -1) if flat else x.transpose(1, 2)
    if positions is not None:
        cos, sin = cos[positions.long()], sin[positions.long()]
    cos, sin = cos.unsqueeze(2), sin.unsqueeze(2)
    size = attributes.get("rotary_embedding_dim", 0) or heads.shape[-1]
    turning, rest = heads[..., :size], heads[..., size:]
    # Rotation is the product of complex numbers.
    pairs = turning.unflatten(-1, (-1, 2)) if attributes.get("interleaved", 0) else turning.unflatten(-1, (2, -1)).transpose(-1, -2)
    turned = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * torch.complex(cos, sin))
    turned = (turned if attributes.get("interleaved", 0) else turned.transpose(-1, -2)).flatten(-2)
    y = torch.cat([turned, rest], -1)
    return y.reshape(x.shape) if flat else y.transpose(1, 2)


ADAPTIVE_MAX = [functional.adaptive_max_pool1d, functional.adaptive_max_pool2d, functional.adaptive_max_pool3d]

LAYERS = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "LpPool": lp_pool,
    "GlobalAveragePool": lambda _, x: x.mean(spatial(x), keepdim=True),
    "GlobalMaxPool": lambda _, x: ADAPTIVE_MAX[x.dim() - 3](x, 1),
    "GlobalLpPool": lambda attributes, x: torch.linalg.vector_norm(x, attributes.get("p", 2), spatial(x), True),
    "BatchNormalization": batch_normalization,
    "LayerNormalization": layer_normalization,
    "RMSNormalization": rms_normalization,
    "SimplifiedLayerNormalization": simplified,
    "com.microsoft.SkipLayerNormalization": skip_layer_normalization,
    "com.microsoft.SkipSimplifiedLayerNormalization": skip_simplified,
    "InstanceNormalization": lambda attributes, x, scale, bias: functional.instance_norm(
        x, weight=scale, bias=bias, eps=attributes.get("epsilon", 1e-5)
    ),
    "GroupNormalization": lambda attributes, x, scale, bias: functional.group_norm(
        x, attributes["num_groups"], scale, bias, attributes.get("epsilon", 1e-5)
    ),
    "LpNormalization": lambda attributes, x: x
    / torch.linalg.vector_norm(x, attributes.get("p", 2), attributes.get("axis", -1), True),
    "MeanVarianceNormalization": mean_variance,
    "LRN": lambda attributes, x: functional.local_response_norm(
        x, attributes["size"], attributes.get("alpha", 1e-4), attributes.get("beta", 0.75), attributes.get("bias", 1.0)
    ),
    "LSTM": recurrent(torch._VF.lstm, [0, 2, 3, 1], pytorchRecurrent.lstm, has_cell=True),
    "GRU": recurrent(torch._VF.gru, [1, 0, 2], pytorchRecurrent.gru),
    "RNN": recurrent(torch._VF.rnn_tanh, [0], pytorchRecurrent.rnn),
    "Attention": attention,
    "RotaryEmbedding": rotary_embedding,
    "Resize": resize,
    "Col2Im": col2im,
    "GridSample": grid_sample,
    "AffineGrid": lambda attributes, theta, size: functional.affine_grid(
        theta, integers(size), align_corners=bool(attributes.get("align_corners", 0))
    ),
}
