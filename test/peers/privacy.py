"""Clipped row gradients and privacy accounts: reads cases as JSON lines, answers each with a JSON line.

{"model": "cnn", "options": …, "weights": {ourName: …}, "data": {name: …}, "rows": 16, "clipNorm": 0.1, "vmap": true}
-> {"gradients": {ourName: […]}, "clipped": rows} in float64, by torch.func.vmap, or row by row where it cannot
{"samplingRate": …, "noiseMultiplier": …, "steps": …, "delta": …, "orders": […]}
-> {"epsilon": by these orders, "byDefault": by Opacus' own}
"""

import json
import os
import sys

import opacus
import torch
from opacus.accountants import RDPAccountant
from torch import nn
from torch.func import functional_call, grad, vmap

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "bench", "training"))
from torchModels import MODELS  # noqa: E402
from torchWeights import flat, parameter_lists, tensor  # noqa: E402

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


class Loss(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, batch):
        return self.model.loss(batch)


def clipped_gradients(case):
    model = MODELS[case["model"]](**case["options"])
    lists = parameter_lists(model)
    with torch.no_grad():
        for name, spec in case["weights"].items():
            theirs, _, from_ours = lists[name]
            for parameter, value in zip(theirs, from_ours(tensor(spec))):
                parameter.copy_(value)
    loss = Loss(model)
    values = {name: each.detach() for name, each in loss.named_parameters()}
    data = {name: tensor(spec) for name, spec in case["data"].items()}

    def loss_of_row(values, row):
        return functional_call(loss, values, ({name: each[None] for name, each in row.items()},))

    of_row = grad(loss_of_row)
    if case["vmap"]:
        each = vmap(of_row, in_dims=(None, 0))(values, data)
    else:
        rows = [of_row(values, {name: value[at] for name, value in data.items()}) for at in range(case["rows"])]
        each = {name: torch.stack([row[name] for row in rows]) for name in values}
    lengths = sum(value.flatten(1).square().sum(1) for value in each.values()).sqrt()
    factors = (case["clipNorm"] / lengths).clamp(max=1)
    names = {id(parameter): name for name, parameter in loss.named_parameters()}
    total = {name: torch.einsum("n,n...->...", factors, value) / case["rows"] for name, value in each.items()}
    gradients = {name: flat(to_ours([total[names[id(one)]] for one in theirs])) for name, (theirs, to_ours, _) in lists.items()}
    return {"gradients": gradients, "clipped": int((factors < 1).sum())}


def account(case):
    accountant = RDPAccountant()
    accountant.history.append((case["noiseMultiplier"], case["samplingRate"], case["steps"]))
    epsilon, _ = accountant.get_privacy_spent(delta=case["delta"], alphas=case["orders"])
    return {"epsilon": epsilon, "byDefault": accountant.get_epsilon(delta=case["delta"])}


print(json.dumps({"torch": torch.__version__, "opacus": opacus.__version__}), flush=True)
for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(clipped_gradients(case) if "model" in case else account(case)), flush=True)
