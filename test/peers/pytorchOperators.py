"""ONNX operators by PyTorch's own functions. Each takes the node's attributes and its inputs (None where one is left out),
all in float64, also whole numbers and truth values; returns the output, or a tuple of them."""

import torch
from torch.nn import functional

from pytorchIndexing import INDEXING
from pytorchLayers import LAYERS


def integers(value):
    return [int(each) for each in value.reshape(-1)]


def unary(function):
    return lambda _, x: function(x)


def extremum(function):
    def run(_, *inputs):
        result = inputs[0]
        for each in inputs[1:]:
            result = function(result, each)
        return result

    return run


def total(*inputs):
    result = inputs[0]
    for each in inputs[1:]:
        result = result + each
    return result


def clip(_, x, low=None, high=None):
    return x if low is None and high is None else torch.clamp(x, low, high)


def cast(attributes, x):
    return x.to({1: torch.float32, 11: torch.float64}[attributes["to"]])


def reduction(function):
    """`function(data, dims, keepdim)`; without axes all are reduced, or none with noop_with_empty_axes."""

    def run(attributes, data, axes=None):
        dims = integers(axes) if axes is not None else []
        keepdim = bool(attributes.get("keepdims", 1))
        if dims:
            return function(data, dims, keepdim)
        if not attributes.get("noop_with_empty_axes", 0):
            return function(data, list(range(data.dim())), keepdim)
        return function(data.unsqueeze(-1), [-1], False)

    return run


def product(data, dims, keepdim):
    for dim in sorted((each % data.dim() for each in dims), reverse=True):
        data = torch.prod(data, dim, keepdim=keepdim)
    return data


def norm(order):
    return lambda data, dims, keepdim: torch.linalg.vector_norm(data, order, dim=dims, keepdim=keepdim)


def cumulative_sum(attributes, x, axis):
    dim = integers(axis)[0]
    turn = (lambda value: value.flip(dim)) if attributes.get("reverse", 0) else (lambda value: value)
    sums = torch.cumsum(turn(x), dim)
    if attributes.get("exclusive", 0):
        sums = sums - turn(x)
    return turn(sums)


def gemm(attributes, a, b, c=None):
    left = a.T if attributes.get("transA") else a
    right = b.T if attributes.get("transB") else b
    result = attributes.get("alpha", 1) * (left @ right)
    return result if c is None else result + attributes.get("beta", 1) * c


def fused_mat_mul(attributes, a, b):
    left = a.mT if attributes.get("transA") else a
    right = b.mT if attributes.get("transB") else b
    return attributes.get("alpha", 1) * (left @ right)


def fused_gemm(attributes, *inputs):
    activation = attributes.get("activation", "")
    numbers = {name[11:]: value for name, value in attributes.items() if name.startswith("activation_")}
    linear = gemm(attributes, *inputs)
    return ACTIVATION[activation](numbers, linear) if activation else linear


def selu(attributes, x):
    alpha = attributes.get("alpha", 1.67326319217681884765625)
    gamma = attributes.get("gamma", 1.05070102214813232421875)
    return gamma * functional.elu(x, alpha)


def thresholded_relu(attributes, x):
    alpha = attributes.get("alpha", 1.0)
    return functional.threshold(x, alpha, 0.0)


def hard_sigmoid(attributes, x):
    scaled = attributes.get("alpha", 0.2) * x + attributes.get("beta", 0.5)
    # PyTorch's own has the slope 1/6; hardtanh has its corners.
    return functional.hardtanh(scaled, 0.0, 1.0)


def shrink(attributes, x):
    threshold, bias = attributes.get("lambd", 0.5), attributes.get("bias", 0.0)
    return torch.where(x > threshold, x - bias, torch.where(x < -threshold, x + bias, torch.zeros_like(x)))


def swish(default):
    return lambda attributes, x: x * torch.sigmoid(attributes.get("alpha", default) * x)


def fast_gelu(_, x, bias=None):
    return functional.gelu(x if bias is None else x + bias, approximate="tanh")


def prelu(_, x, slope):
    return torch.where(x > 0, x, slope * x)


def likelihood_loss(attributes, x, target, weight=None):
    ignored, reduction = attributes.get("ignore_index", -100), attributes.get("reduction", "mean")
    if weight is None:
        return functional.nll_loss(x, target.long(), reduction=reduction, ignore_index=ignored)
    # PyTorch's function gives no gradient for the class weights.
    kept = target.long() != ignored
    label = torch.where(kept, target.long(), 0)
    shares = weight[label] * kept
    losses = -shares * x.gather(1, label.unsqueeze(1)).squeeze(1)
    return losses if reduction == "none" else losses.sum() / (shares.sum() if reduction == "mean" else 1)


def softmax_cross_entropy_loss(attributes, x, target, weight=None):
    likelihoods = functional.log_softmax(x, 1)
    return likelihood_loss(attributes, likelihoods, target, weight), likelihoods


def dequantize_linear(attributes, x, scale, zero_point=None):
    axis, block = attributes.get("axis", 1) % x.dim(), attributes.get("block_size", 0)

    def spread(value):
        if value.numel() == 1:
            return value.reshape([])
        if block:
            return value.repeat_interleave(block, axis)
        return value.reshape([-1 if at == axis else 1 for at in range(x.dim())])

    return (x if zero_point is None else x - spread(zero_point)) * spread(scale)


ELEMENTWISE = {
    "Add": lambda _, a, b: a + b,
    "Sub": lambda _, a, b: a - b,
    "Mul": lambda _, a, b: a * b,
    "Div": lambda _, a, b: a / b,
    "Pow": lambda _, a, b: torch.pow(a, b),
    "Mod": lambda _, a, b: torch.fmod(a, b),
    "Max": extremum(torch.maximum),
    "Min": extremum(torch.minimum),
    "Sum": lambda _, *inputs: total(*inputs),
    "Mean": lambda _, *inputs: total(*inputs) / len(inputs),
    "Neg": unary(torch.neg),
    "Abs": unary(torch.abs),
    "Reciprocal": unary(torch.reciprocal),
    "Exp": unary(torch.exp),
    "Log": unary(torch.log),
    "Sqrt": unary(torch.sqrt),
    "Erf": unary(torch.erf),
    "Sin": unary(torch.sin),
    "Cos": unary(torch.cos),
    "Tan": unary(torch.tan),
    "Asin": unary(torch.asin),
    "Acos": unary(torch.acos),
    "Atan": unary(torch.atan),
    "Sinh": unary(torch.sinh),
    "Cosh": unary(torch.cosh),
    "Asinh": unary(torch.asinh),
    "Acosh": unary(torch.acosh),
    "Atanh": unary(torch.atanh),
    "Identity": unary(lambda x: x),
    "Clip": clip,
    "Cast": cast,
    "CastLike": lambda _, x, like: x.to(like.dtype),
    "DequantizeLinear": dequantize_linear,
    "Where": lambda _, condition, x, y: torch.where(condition != 0, x, y),
}

ACTIVATION = {
    "Tanh": unary(torch.tanh),
    "Sigmoid": unary(torch.sigmoid),
    "Relu": unary(torch.relu),
    "LeakyRelu": lambda attributes, x: functional.leaky_relu(x, attributes.get("alpha", 0.01)),
    "PRelu": prelu,
    "Elu": lambda attributes, x: functional.elu(x, attributes.get("alpha", 1.0)),
    "Selu": selu,
    "Celu": lambda attributes, x: functional.celu(x, attributes.get("alpha", 1.0)),
    "ThresholdedRelu": thresholded_relu,
    "HardSigmoid": hard_sigmoid,
    "HardSwish": unary(functional.hardswish),
    "Softplus": unary(functional.softplus),
    "Softsign": unary(functional.softsign),
    "Gelu": lambda attributes, x: functional.gelu(x, approximate=attributes.get("approximate", "none")),
    "Mish": unary(functional.mish),
    "Swish": swish(1.0),
    "Shrink": shrink,
    "Softmax": lambda attributes, x: torch.softmax(x, dim=attributes.get("axis", -1)),
    "LogSoftmax": lambda attributes, x: torch.log_softmax(x, dim=attributes.get("axis", -1)),
    "com.microsoft.Gelu": unary(functional.gelu),
    "com.microsoft.BiasGelu": lambda _, a, b: functional.gelu(a + b),
    "com.microsoft.FastGelu": fast_gelu,
    "com.microsoft.QuickGelu": swish(1.702),
}

REDUCTION = {
    "ReduceSum": reduction(lambda data, dims, keepdim: torch.sum(data, dims, keepdim)),
    "ReduceMean": reduction(lambda data, dims, keepdim: torch.mean(data, dims, keepdim)),
    "ReduceMax": reduction(lambda data, dims, keepdim: torch.amax(data, dims, keepdim)),
    "ReduceMin": reduction(lambda data, dims, keepdim: torch.amin(data, dims, keepdim)),
    "ReduceProd": reduction(product),
    "ReduceL1": reduction(norm(1)),
    "ReduceL2": reduction(norm(2)),
    "ReduceLogSum": reduction(lambda data, dims, keepdim: torch.log(torch.sum(data, dims, keepdim))),
    "ReduceLogSumExp": reduction(lambda data, dims, keepdim: torch.logsumexp(data, dims, keepdim)),
    "ReduceSumSquare": reduction(lambda data, dims, keepdim: torch.sum(data * data, dims, keepdim)),
    "CumSum": cumulative_sum,
}

PRODUCT = {
    "MatMul": lambda _, a, b: a @ b,
    "Gemm": gemm,
    "Einsum": lambda attributes, *inputs: torch.einsum(attributes["equation"], *inputs),
    "Det": unary(torch.linalg.det),
    "com.microsoft.FusedGemm": fused_gemm,
    "com.microsoft.FusedMatMul": fused_mat_mul,
    "com.microsoft.Inverse": unary(torch.linalg.inv),
}

LOSS = {
    "NegativeLogLikelihoodLoss": likelihood_loss,
    "SoftmaxCrossEntropyLoss": softmax_cross_entropy_loss,
}
OPERATORS = {**LOSS, **ELEMENTWISE, **ACTIVATION, **REDUCTION, **PRODUCT, **INDEXING, **LAYERS}
