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
from torchWeights import flat, parameter_lists, tensor  # noqa: E402

torch.set_num_threads(1)


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
