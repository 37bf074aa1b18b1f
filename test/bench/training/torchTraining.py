"""PyTorch at its best: reads settings as one JSON line, then for each line with a number makes so many steps and prints what one took.

{"model": "cnn", "options": {…}, "batch": 128, "rows": 1024, "threads": 1, "compile": false, "channelsLast": true, "device": "cpu"}
-> {"version": …, "kernel": …, "startMs": …} or {"unavailable": reason}; then {"ms": wall, "cpuMs": of all threads}
"""

import json
import sys
import time

import torch

from torchModels import MODELS

settings = json.loads(sys.stdin.readline())
torch.set_num_threads(settings["threads"])
# Without it the moments of weights that no row touches turn subnormal and slow every step.
torch.set_flush_denormal(True)
torch.manual_seed(0)
device = settings.get("device", "cpu")
if device == "cuda":
    # As ONNX Runtime does by itself.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
model = MODELS[settings["model"]](**settings.get("options", {}))
random = torch.Generator().manual_seed(1)
rows, batch = settings["rows"], settings["batch"]
data = {name: each.to(device) for name, each in model.draw(rows, random).items()}
model = model.to(device)
if settings.get("channelsLast"):
    model = model.to(memory_format=torch.channels_last)
# The fused form is the fastest of PyTorch's three.
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
loss_of = torch.compile(model.loss) if settings.get("compile") else model.loss
order, position = torch.randperm(rows, device=device), 0


def step():
    global order, position
    if position + batch > rows:
        order, position = torch.randperm(rows, device=device), 0
    chosen = order[position : position + batch]
    position += batch
    minibatch = {name: each[chosen] for name, each in data.items()}
    if settings.get("channelsLast"):
        minibatch["images"] = minibatch["images"].contiguous(memory_format=torch.channels_last)
    optimizer.zero_grad()
    loss = loss_of(minibatch)
    loss.backward()
    optimizer.step()
    return loss


started = time.perf_counter()
try:
    step().item()
except Exception as error:  # What torch.compile cannot do is an outcome, with its reason.
    print(json.dumps({"unavailable": f"{type(error).__name__}: {error}".splitlines()[0][:300]}), flush=True)
    sys.exit()
start_ms = (time.perf_counter() - started) * 1000
print(json.dumps({"version": torch.__version__, "kernel": torch.backends.cpu.get_cpu_capability(), "startMs": start_ms}), flush=True)
for line in sys.stdin:
    steps = int(line)
    started, used = time.perf_counter(), time.process_time()
    for _ in range(steps):
        step()
    if device == "cuda":
        torch.cuda.synchronize()
    ended, used_after = time.perf_counter(), time.process_time()
    print(json.dumps({"ms": (ended - started) * 1000 / steps, "cpuMs": (used_after - used) * 1000 / steps}), flush=True)
