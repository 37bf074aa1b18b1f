"""ONNX operators that move elements, by PyTorch's own functions. As in pytorchOperators.py."""

import math

import torch
from torch.nn import functional


def integers(value):
    return [int(each) for each in value.reshape(-1)]


def reshape(_, data, shape):
    return data.reshape([data.shape[axis] if size == 0 else size for axis, size in enumerate(integers(shape))])


def flatten(attributes, data):
    axis = attributes.get("axis", 1)
    rows = math.prod(data.shape[: axis if axis >= 0 else axis + data.dim()])
    return data.reshape(rows, -1)


def take(data, axis, places):
    return data.index_select(axis, torch.tensor(list(places), dtype=torch.int64))


def slices(_, data, starts, ends, axes=None, steps=None):
    starts, ends = integers(starts), integers(ends)
    axes = integers(axes) if axes is not None else list(range(len(starts)))
    steps = integers(steps) if steps is not None else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps):
        data = take(data, axis % data.dim(), range(*slice(start, end, step).indices(data.shape[axis])))
    return data


def split(attributes, data, sizes=None):
    axis = attributes.get("axis", 0)
    if sizes is not None:
        return torch.split(data, integers(sizes), axis)
    return torch.split(data, math.ceil(data.shape[axis] / attributes["num_outputs"]), axis)


def squeeze(_, data, axes=None):
    return data.squeeze() if axes is None else data.squeeze(integers(axes))


def unsqueeze(_, data, axes):
    rank = data.dim() + axes.numel()
    for axis in sorted(each % rank for each in integers(axes)):
        data = data.unsqueeze(axis)
    return data


def pad(attributes, data, pads, value=None, axes=None):
    pads = integers(pads)
    axes = [each % data.dim() for each in integers(axes)] if axes is not None else list(range(data.dim()))
    mode = attributes.get("mode", "constant")
    for axis, before, after in zip(axes, pads[: len(axes)], pads[len(axes) :]):
        if mode == "constant":
            around = [0, 0] * (data.dim() - 1 - axis) + [before, after]
            # Twice, because a fill value that needs a gradient is not taken: the mask says where it goes.
            inside = functional.pad(torch.ones_like(data), around)
            data = functional.pad(data, around) + ((1 - inside) * value if value is not None else 0)
        else:
            data = take(data, axis, places(mode, data.shape[axis], before, after))
    return data


def places(mode, size, before, after):
    for at in range(-before, size + after):
        if mode == "edge":
            yield min(max(at, 0), size - 1)
        elif mode == "wrap":
            yield at % size
        else:
            turn = 2 * (size - 1) or 1
            folded = at % turn
            yield folded if folded < size else turn - folded


def depth_to_space(attributes, x):
    n, c, h, w = x.shape
    block = attributes["blocksize"]
    if attributes.get("mode", "DCR") == "CRD":
        return functional.pixel_shuffle(x, block)
    return x.reshape(n, block, block, c // block**2, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, -1, h * block, w * block)


def space_to_depth(attributes, x):
    n, c, h, w = x.shape
    block = attributes["blocksize"]
    return x.reshape(n, c, h // block, block, w // block, block).permute(0, 3, 5, 1, 2, 4).reshape(n, -1, h // block, w // block)


def trilu(attributes, x, k=None):
    diagonal = integers(k)[0] if k is not None else 0
    return torch.triu(x, diagonal) if attributes.get("upper", 1) else torch.tril(x, diagonal)


def center_crop_pad(attributes, x, shape):
    axes = attributes.get("axes", list(range(x.dim())))
    for axis, size in zip(axes, integers(shape)):
        axis %= x.dim()
        have = x.shape[axis]
        if have > size:
            x = x.narrow(axis, (have - size) // 2, size)
        elif have < size:
            before = (size - have) // 2
            x = functional.pad(x, [0, 0] * (x.dim() - 1 - axis) + [before, size - have - before])
    return x


def reverse_sequence(attributes, x, lengths):
    batch, time = attributes.get("batch_axis", 1), attributes.get("time_axis", 0)
    order = torch.stack(
        [torch.tensor([*reversed(range(length)), *range(length, x.shape[time])]) for length in integers(lengths)]
    )
    rows = x.movedim((batch, time), (0, 1))
    picked = rows.gather(1, order.reshape(*order.shape, *[1] * (x.dim() - 2)).expand_as(rows))
    return picked.movedim((0, 1), (batch, time))


def positive(indices, size):
    indices = indices.long()
    return torch.where(indices < 0, indices + size, indices)


def gather(attributes, data, indices):
    axis = attributes.get("axis", 0) % data.dim()
    picked = data.index_select(axis, positive(indices, data.shape[axis]).reshape(-1))
    return picked.reshape(*data.shape[:axis], *indices.shape, *data.shape[axis + 1 :])


def gather_elements(attributes, data, indices):
    axis = attributes.get("axis", 0) % data.dim()
    index = positive(indices, data.shape[axis])
    return data[tuple(slice(0, size) if at != axis else slice(None) for at, size in enumerate(index.shape))].gather(axis, index)


def gather_nd(attributes, data, indices):
    batch = attributes.get("batch_dims", 0)
    if batch == 0:
        return data[tuple(positive(indices[..., at], data.shape[at]) for at in range(indices.shape[-1]))]
    lead = data.shape[:batch]
    flat, places = data.reshape(-1, *data.shape[batch:]), indices.reshape(-1, *indices.shape[batch:])
    parts = [gather_nd({}, each, place) for each, place in zip(flat, places)]
    return torch.stack(parts).reshape(*lead, *parts[0].shape)


REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def scatter_elements(attributes, data, indices, updates):
    axis, kind = attributes.get("axis", 0) % data.dim(), attributes.get("reduction", "none")
    index = positive(indices, data.shape[axis])
    if kind == "none":
        return data.scatter(axis, index, updates)
    return data.scatter_reduce(axis, index, updates, REDUCTIONS[kind], include_self=True)


def scatter_nd(attributes, data, indices, updates):
    kind = attributes.get("reduction", "none")
    if kind in ("none", "add"):
        index = tuple(positive(indices[..., at], data.shape[at]) for at in range(indices.shape[-1]))
        return data.index_put(index, updates, accumulate=kind == "add")
    depth = indices.shape[-1]
    inner = math.prod(data.shape[depth:])
    flat = torch.zeros(indices.shape[:-1], dtype=torch.int64)
    for at in range(depth):
        flat = flat * data.shape[at] + positive(indices[..., at], data.shape[at])
    index = flat.reshape(-1, 1).expand(-1, inner)
    rows = data.reshape(-1, inner).scatter_reduce(0, index, updates.reshape(-1, inner), REDUCTIONS[kind], include_self=True)
    return rows.reshape(data.shape)


def top_k(attributes, x, k):
    return tuple(
        torch.topk(x, integers(k)[0], attributes.get("axis", -1), bool(attributes.get("largest", 1)), bool(attributes.get("sorted", 1)))
    )


def one_hot(attributes, indices, depth, values):
    axis = attributes.get("axis", -1)
    size = integers(depth)[0]
    # Compared, not one_hot: what is out of range is off everywhere.
    hot = (positive(indices, size).unsqueeze(-1) == torch.arange(size)).to(values.dtype).movedim(-1, axis)
    return hot * values[1] + (1 - hot) * values[0]


INDEXING = {
    "Reshape": reshape,
    "Flatten": flatten,
    "Transpose": lambda attributes, x: x.permute(attributes.get("perm", list(reversed(range(x.dim()))))),
    "Expand": lambda _, x, shape: x.expand(torch.broadcast_shapes(x.shape, integers(shape))),
    "Slice": slices,
    "Concat": lambda attributes, *inputs: torch.cat(inputs, attributes["axis"]),
    "Split": split,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Tile": lambda _, x, repeats: x.repeat(integers(repeats)),
    "Pad": pad,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
    "Trilu": trilu,
    "CenterCropPad": center_crop_pad,
    "ReverseSequence": reverse_sequence,
    "Gather": gather,
    "GatherElements": gather_elements,
    "GatherND": gather_nd,
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
    "TopK": top_k,
    "OneHot": one_hot,
    "Compress": lambda attributes, x, condition: take(
        x.reshape(-1) if "axis" not in attributes else x,
        attributes.get("axis", 0),
        [at for at, each in enumerate(integers(condition)) if each],
    ),
}
