"""Reads cases as JSON lines, trains each model in float64 from the same weights on the same batches, answers with a JSON line.

{"model": "cnn", "options": …, "weights": {ourName: …}, "data": {name: …}, "batches": [[row, …], …], "learningRate": …}
-> {"gradients": {ourName: […]} of the first batch, "losses": […], "statistics": {ourName: […]}, "float32Losses": […]}
"""

import json
import os
import sys

import torch
from torch import nn

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "bench", "training"))
from torchModels import MODELS  # noqa: E402

torch.set_num_threads(1)

# ONNX orders the gates of an LSTM input, output, forget, cell; PyTorch input, forget, cell, output.
TO_TORCH, TO_ONNX = [0, 2, 3, 1], [0, 3, 1, 2]


def gates(matrix, order):
    blocks = matrix.chunk(4, 0)
    return torch.cat([blocks[at] for at in order], 0)


def parameter_lists(model):
    """Our name of a parameter -> (PyTorch's parameters that hold it, ours from theirs, theirs from ours)."""
    result = {}
    for path, module in model.named_modules():
        prefix = f"{path}." if path else ""
        if isinstance(module, nn.LSTM):
            ways = ["", "_reverse"] if module.bidirectional else [""]
            for ours, kinds in {"input": ["weight_ih"], "recurrent": ["weight_hh"], "bias": ["bias_ih", "bias_hh"]}.items():
                theirs = [[getattr(module, f"{kind}_l0{way}") for kind in kinds] for way in ways]
                result[prefix + ours] = (
                    [each for way in theirs for each in way],
                    lambda values, kinds=kinds: torch.stack(
                        [
                            torch.cat([gates(values[way * len(kinds) + kind], TO_ONNX) for kind in range(len(kinds))], 0)
                            for way in range(len(values) // len(kinds))
                        ]
                    ),
                    lambda value, kinds=kinds: [gates(part, TO_TORCH) for way in value for part in way.chunk(len(kinds), 0)],
                )
            continue
        for name, parameter in module.named_parameters(recurse=False):
            if isinstance(module, nn.Linear) and name == "weight":
                result[prefix + name] = ([parameter], lambda values: values[0].T, lambda value: [value.T])
            else:
                result[prefix + name] = ([parameter], lambda values: values[0], lambda value: [value])
    return result


def tensor(spec):
    return torch.tensor(spec["data"], dtype=torch.int64 if spec.get("integer") else torch.get_default_dtype()).reshape(spec["shape"])


def flat(value):
    return value.detach().reshape(-1).tolist()


def run(case):
    model = MODELS[case["model"]](**case["options"])
    lists = parameter_lists(model)
    with torch.no_grad():
        for name, spec in case["weights"].items():
            theirs, _, from_ours = lists[name]
            for parameter, value in zip(theirs, from_ours(tensor(spec))):
                parameter.copy_(value)
    data = {name: tensor(spec) for name, spec in case["data"].items()}
    optimizer = torch.optim.Adam(model.parameters(), lr=case["learningRate"])
    losses, gradients = [], None
    for rows in case["batches"]:
        optimizer.zero_grad()
        loss = model.loss({name: each[rows] for name, each in data.items()})
        loss.backward()
        if gradients is None:
            gradients = {name: flat(to_ours([each.grad for each in theirs])) for name, (theirs, to_ours, _) in lists.items()}
        optimizer.step()
        losses.append(loss.item())
    statistics = {}
    for path, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            statistics[f"{path}.runningMean"] = flat(module.running_mean)
            statistics[f"{path}.runningVariance"] = flat(module.running_var)
    return {"gradients": gradients, "losses": losses, "statistics": statistics}


print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    case = json.loads(line)
    torch.set_default_dtype(torch.float64)
    answer = run(case)
    torch.set_default_dtype(torch.float32)
    print(json.dumps({**answer, "float32Losses": run(case)["losses"]}), flush=True)
