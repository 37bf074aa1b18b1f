"""DP-SGD in PyTorch: reads settings as one JSON line, then for each line with a number makes so many steps and prints what one took.

{"model": "mlp", "options": {…}, "batch": 128, "rows": 1024, "threads": 1, "way": "opacus" | "ghost" | "vmap"}
-> {"version": …} or {"unavailable": reason}; then {"ms": wall, "cpuMs": of all threads}

opacus: hooks that keep every row's gradient; ghost: Opacus' fast gradient clipping; vmap: torch.func by hand.
"""

import json
import os
import sys
import time
import warnings

import torch
from torch.func import functional_call, grad, vmap
from torch.nn import functional

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "training"))
from torchModels import MODELS  # noqa: E402

warnings.filterwarnings("ignore")
CLIP_NORM, NOISE = 1.0, 1.0
settings = json.loads(sys.stdin.readline())
torch.set_num_threads(settings["threads"])
torch.set_flush_denormal(True)
torch.manual_seed(0)
plain = MODELS[settings["model"]](**settings.get("options", {}))
random = torch.Generator().manual_seed(1)
rows, batch, way = settings["rows"], settings["batch"], settings["way"]
data = plain.draw(rows, random)
(inputs,) = [each for name, each in data.items() if name != "targets"]
targets = data["targets"]
adam = torch.optim.Adam(plain.parameters(), lr=1e-3, fused=True)
version = f"PyTorch {torch.__version__}"


def by_opacus():
    from opacus import GradSampleModule
    from opacus.optimizers import DPOptimizer

    model = GradSampleModule(plain)
    optimizer = DPOptimizer(adam, noise_multiplier=NOISE, max_grad_norm=CLIP_NORM, expected_batch_size=batch)

    def step(x, y):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def by_ghost_norms():
    from opacus.grad_sample.grad_sample_module_fast_gradient_clipping import GradSampleModuleFastGradientClipping
    from opacus.optimizers.optimizer_fast_gradient_clipping import DPOptimizerFastGradientClipping
    from opacus.utils.fast_gradient_clipping_utils import DPLossFastGradientClipping

    model = GradSampleModuleFastGradientClipping(plain, max_grad_norm=CLIP_NORM, use_ghost_clipping=True)
    optimizer = DPOptimizerFastGradientClipping(adam, noise_multiplier=NOISE, max_grad_norm=CLIP_NORM, expected_batch_size=batch)
    loss_of = DPLossFastGradientClipping(model, optimizer, torch.nn.CrossEntropyLoss())

    def step(x, y):
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def by_vmap():
    parameters = dict(plain.named_parameters())

    def loss_of_row(values, x, y):
        return functional.cross_entropy(functional_call(plain, values, (x[None],)), y[None])

    gradients_of_rows = vmap(grad(loss_of_row), in_dims=(None, 0, 0))

    def step(x, y):
        with torch.no_grad():
            each = gradients_of_rows({name: value.detach() for name, value in parameters.items()}, x, y)
            lengths = sum(value.flatten(1).square().sum(1) for value in each.values()).sqrt()
            factors = (CLIP_NORM / lengths).clamp(max=1)
            for name, value in parameters.items():
                total = torch.einsum("n,n...->...", factors, each[name])
                value.grad = (total + NOISE * CLIP_NORM * torch.randn_like(total)) / batch
        adam.step()
        return lengths[0]

    return step


try:
    make_step = {"opacus": by_opacus, "ghost": by_ghost_norms, "vmap": by_vmap}[way]()
    if way != "vmap":
        import opacus

        version += f", Opacus {opacus.__version__}"
    order, position = torch.randperm(rows), 0

    def step():
        global order, position
        if position + batch > rows:
            order, position = torch.randperm(rows), 0
        chosen = order[position : position + batch]
        position += batch
        return make_step(inputs[chosen], targets[chosen])

    step().item()
except Exception as error:  # What one of them cannot do is an outcome, with its reason.
    print(json.dumps({"unavailable": f"{type(error).__name__}: {error}".splitlines()[0][:300]}), flush=True)
    sys.exit()
print(json.dumps({"version": f"{version} ({torch.backends.cpu.get_cpu_capability()})"}), flush=True)
for line in sys.stdin:
    steps = int(line)
    started, used = time.perf_counter(), time.process_time()
    for _ in range(steps):
        step()
    ended, used_after = time.perf_counter(), time.process_time()
    print(json.dumps({"ms": (ended - started) * 1000 / steps, "cpuMs": (used_after - used) * 1000 / steps}), flush=True)
