"""Reads cases as JSON lines on standard input, answers each with a JSON line: PyTorch's autograd and optimizers in float64.

{"kind": "gradient", "graph": …, "inputs": …, "cotangent": …} -> {"output": […], "gradients": {name: […]}}
{"kind": "training", "graph": …, "weights": …, "batches": …, …} -> {"losses": […], "weights": {name: […]}}
"""

import json
import sys

import torch
from torch.nn import functional

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def integers(value):
    return [int(each) for each in value.reshape(-1)]


def reduction(function):
    def run(attributes, data, axes=None):
        dims = integers(axes) if axes is not None else list(range(data.dim()))
        return function(data, dim=dims, keepdim=bool(attributes.get("keepdims", 1)))

    return run


def reshape(_, data, shape):
    return data.reshape([data.shape[axis] if size == 0 else size for axis, size in enumerate(integers(shape))])


def flatten(attributes, data):
    axis = attributes.get("axis", 1)
    rows = 1
    for size in data.shape[: axis if axis >= 0 else axis + data.dim()]:
        rows *= size
    return data.reshape(rows, -1)


def gemm(attributes, a, b, c=None):
    left = a.T if attributes.get("transA") else a
    right = b.T if attributes.get("transB") else b
    product = attributes.get("alpha", 1) * (left @ right)
    return product if c is None else product + attributes.get("beta", 1) * c


OPERATORS = {
    "Add": lambda _, a, b: a + b,
    "Sub": lambda _, a, b: a - b,
    "Mul": lambda _, a, b: a * b,
    "Div": lambda _, a, b: a / b,
    "Neg": lambda _, x: -x,
    "Exp": lambda _, x: torch.exp(x),
    "Log": lambda _, x: torch.log(x),
    "Sqrt": lambda _, x: torch.sqrt(x),
    "Erf": lambda _, x: torch.erf(x),
    "Tanh": lambda _, x: torch.tanh(x),
    "Sigmoid": lambda _, x: torch.sigmoid(x),
    "Relu": lambda _, x: torch.relu(x),
    "Identity": lambda _, x: x,
    "Softmax": lambda attributes, x: torch.softmax(x, dim=attributes.get("axis", -1)),
    "LogSoftmax": lambda attributes, x: torch.log_softmax(x, dim=attributes.get("axis", -1)),
    "MatMul": lambda _, a, b: a @ b,
    "Gemm": gemm,
    "Transpose": lambda attributes, x: x.permute(attributes.get("perm", list(reversed(range(x.dim()))))),
    "Reshape": reshape,
    "Flatten": flatten,
    "ReduceSum": reduction(torch.sum),
    "ReduceMean": reduction(torch.mean),
}


def tensor(spec):
    return torch.tensor(spec["data"], dtype=torch.float64).reshape(spec["shape"])


def forward(graph, values):
    values = dict(values)
    for name, spec in graph["initializers"].items():
        values[name] = tensor(spec)
    for node in graph["nodes"]:
        arguments = [values[name] if name else None for name in node["inputs"]]
        values[node["outputs"][0]] = OPERATORS[node["opType"]](node["attributes"], *arguments)
    return values[graph["output"]]


def flat(value):
    return value.detach().reshape(-1).tolist()


def gradient_case(case):
    inputs = {name: tensor(spec).requires_grad_() for name, spec in case["inputs"].items()}
    output = forward(case["graph"], inputs)
    output.backward(torch.tensor(case["cotangent"]).reshape(output.shape))
    return {"output": flat(output), "gradients": {name: flat(each.grad) for name, each in inputs.items()}}


def row_losses(loss, prediction, target):
    if loss["kind"] == "softmaxCrossEntropy":
        return functional.cross_entropy(prediction, target, reduction="none")
    if loss["kind"] == "meanSquaredError":
        return functional.mse_loss(prediction, target, reduction="none").mean(1)
    return functional.huber_loss(prediction, target, reduction="none", delta=loss["delta"]).mean(1)


def optimizer_of(settings, weights, rate):
    groups = [
        {"params": [each for each in weights.values() if each.dim() >= 2], "weight_decay": settings.get("weightDecay", 0)},
        {"params": [each for each in weights.values() if each.dim() < 2], "weight_decay": 0},
    ]
    if settings["kind"] == "adam":
        betas = (settings.get("beta1", 0.9), settings.get("beta2", 0.999))
        return torch.optim.AdamW(groups, lr=rate, betas=betas, eps=settings.get("epsilon", 1e-8))
    return torch.optim.SGD(groups, lr=rate, momentum=settings.get("momentum", 0))


def training_case(case):
    weights = {name: tensor(spec).requires_grad_() for name, spec in case["weights"].items()}
    features, row_weights = tensor(case["features"]), torch.tensor(case["rowWeights"], dtype=torch.float64)
    if case["loss"]["kind"] == "softmaxCrossEntropy":
        targets = torch.tensor(case["targets"]["data"], dtype=torch.int64)
    else:
        targets = tensor(case["targets"])
    optimizer = optimizer_of(case["optimizer"], weights, case["learningRate"])
    losses = []
    for rows in case["batches"]:
        optimizer.zero_grad()
        prediction = forward(case["graph"], {**weights, "features": features[rows]})
        loss = (row_losses(case["loss"], prediction, targets[rows]) * row_weights[rows]).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses, "weights": {name: flat(each) for name, each in weights.items()}}


print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(gradient_case(case) if case["kind"] == "gradient" else training_case(case)), flush=True)
