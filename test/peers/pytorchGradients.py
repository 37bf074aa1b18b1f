"""Reads cases as JSON lines on standard input, answers each with a JSON line: PyTorch's autograd and optimizers in float64.

{"kind": "gradient", "graph": …, "inputs": …, "cotangents": [[…], …]} -> {"outputs": [[…], …], "gradients": {name: […]}}
{"kind": "second order", …, "directions": [[…], …]} -> {"second": [[…], …]}, by the inputs and then the cotangents
    or {"unmapped": operator} where pytorchOperators.py has no function for it, or PyTorch none for its form
    or {"error": text}
{"kind": "training", "graph": …, "weights": …, "batches": …, …} -> {"losses": […], "weights": {name: […]}}

NaN and infinities are written as text, because JSON has no numbers for them.
"""

import json
import math
import sys

import torch
from torch.nn import functional

from pytorchOperators import OPERATORS

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


class Unmapped(Exception):
    pass


def tensor(spec):
    values = torch.tensor([float(each) for each in spec["data"]], dtype=torch.float64).reshape(spec["shape"])
    return values != 0 if spec.get("isBool") else values


def forward(graph, values):
    values = dict(values)
    for name, spec in graph["initializers"].items():
        values[name] = tensor(spec)
    for node in graph["nodes"]:
        if node["opType"] not in OPERATORS:
            raise Unmapped(node["opType"])
        arguments = [values[name] if name else None for name in node["inputs"]]
        try:
            results = OPERATORS[node["opType"]](node["attributes"], *arguments)
        except NotImplementedError as form:
            raise Unmapped(f"{node['opType']} ({form})") from form
        values.update(zip(node["outputs"], results if isinstance(results, tuple) else (results,)))
    return [values[name] for name in graph["outputs"]]


def flat(value):
    # Second derivatives that are 0 come as tensors without storage: a sum has one.
    stored = value.detach() + torch.zeros(value.shape, dtype=value.dtype)
    return [each if math.isfinite(each) else str(each) for each in stored.reshape(-1).tolist()]


def cotangents_of(case, outputs):
    return [
        torch.tensor([float(part) for part in cotangent], dtype=each.dtype).reshape(each.shape)
        for each, cotangent in zip(outputs, case["cotangents"])
    ]


def gradients_of(values, seeds, inputs, create_graph=False):
    """Zeros where nothing flows."""
    flowing = [(value, seed) for value, seed in zip(values, seeds) if value.requires_grad]
    found = torch.autograd.grad(
        [value for value, _ in flowing], inputs, [seed for _, seed in flowing], create_graph=create_graph, allow_unused=True
    ) if flowing else [None] * len(inputs)
    return [torch.zeros_like(each) if gradient is None else gradient for each, gradient in zip(inputs, found)]


def gradient_case(case):
    inputs = {name: tensor(spec).requires_grad_() for name, spec in case["inputs"].items()}
    outputs = forward(case["graph"], inputs)
    gradients = gradients_of(outputs, cotangents_of(case, outputs), list(inputs.values()))
    return {"outputs": [flat(each) for each in outputs], "gradients": dict(zip(inputs, [flat(each) for each in gradients]))}


def second_order_case(case):
    inputs = [tensor(spec).requires_grad_() for spec in case["inputs"].values()]
    outputs = forward(case["graph"], dict(zip(case["inputs"], inputs)))
    cotangents = [each.requires_grad_() for each in cotangents_of(case, outputs)]
    gradients = gradients_of(outputs, cotangents, inputs, create_graph=True)
    directions = [torch.tensor(each).reshape(gradient.shape) for each, gradient in zip(case["directions"], gradients)]
    return {"second": [flat(each) for each in gradients_of(gradients, directions, [*inputs, *cotangents])]}


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
        (prediction,) = forward(case["graph"], {**weights, "features": features[rows]})
        loss = (row_losses(case["loss"], prediction, targets[rows]) * row_weights[rows]).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses, "weights": {name: flat(each) for name, each in weights.items()}}


def answer(case):
    try:
        return {"gradient": gradient_case, "second order": second_order_case, "training": training_case}[case["kind"]](case)
    except Unmapped as operator:
        return {"unmapped": str(operator)}
    except Exception as error:  # The others are still worth comparing.
        return {"error": repr(error)}


print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
