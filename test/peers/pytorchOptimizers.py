"""Reads cases as JSON lines on standard input, answers each with a JSON line: PyTorch's optimizers and schedules in float64.

{"kind": "optimizer", "name": …, "settings": …, "shapes": …, "start": …, "gradients": [step][parameter]} -> {"weights": [[…], …]}
{"kind": "schedule", "name": …, "settings": …, "steps": …} -> {"rates": […]}
{"kind": "plateau", "settings": …, "losses": […]} -> {"rates": […]}
{"kind": "lbfgs", "points": …, "targets": …} -> {"loss": …, "weights": […]}
"""

import json
import sys

import torch
from torch.optim import lr_scheduler

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

OPTIMIZERS = {
    "SGD": torch.optim.SGD,
    "AdamW": torch.optim.AdamW,
    "Adafactor": torch.optim.Adafactor,
}


def optimizer(case):
    parameters = [
        torch.nn.Parameter(torch.tensor(values).reshape(shape)) for values, shape in zip(case["start"], case["shapes"])
    ]
    made = OPTIMIZERS[case["name"]](parameters, **case["settings"])
    for gradients in case["gradients"]:
        for parameter, gradient in zip(parameters, gradients):
            parameter.grad = torch.tensor(gradient).reshape(parameter.shape)
        if "clipNorm" in case:
            torch.nn.utils.clip_grad_norm_(parameters, case["clipNorm"])
        made.step()
    return {"weights": [parameter.detach().flatten().tolist() for parameter in parameters]}


def plain(rate):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)


def schedule(case):
    made = plain(case["rate"])
    scheduler = getattr(lr_scheduler, case["name"])(made, **case["settings"])
    rates = []
    for step in range(case["steps"]):
        rates.append(made.param_groups[0]["lr"])
        made.step()
        if step + 1 < case["steps"]:
            scheduler.step()
    return {"rates": rates}


def plateau(case):
    made = plain(1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(made, **case["settings"])
    rates = []
    for loss in case["losses"]:
        scheduler.step(loss)
        rates.append(made.param_groups[0]["lr"])
    return {"rates": rates}


def lbfgs(case):
    points, targets = torch.tensor(case["points"]), torch.tensor(case["targets"], dtype=torch.float64)
    weights = torch.nn.Parameter(torch.zeros(points.shape[1]))
    made = torch.optim.LBFGS([weights], max_iter=200, tolerance_grad=1e-10, tolerance_change=0, line_search_fn="strong_wolfe")

    def evaluate():
        made.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(points @ weights, targets) + 0.01 * (weights**2).sum()
        loss.backward()
        return loss

    made.step(evaluate)
    return {"loss": evaluate().item(), "weights": weights.detach().tolist()}


KINDS = {"optimizer": optimizer, "schedule": schedule, "plateau": plateau, "lbfgs": lbfgs}

print(json.dumps({"torch": torch.__version__}), flush=True)
for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(KINDS[case["kind"]](case)), flush=True)
