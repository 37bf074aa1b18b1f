# Peer of onnxImport.peer.ts: exports networks with PyTorch's own exporter, then trains the same networks in PyTorch.
# A line in: {"make", "settings", "seed", "opset", "path", "shapes", "inputs", "targets", "learningRate", "steps", "train", "head"?, "lora"?}
# A line out: {"losses"}; first of all {"version"}.
import json
import os
import sys
import warnings

import numpy as np
import torch
from torch import nn

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../fixtures/onnx'))
sys.dont_write_bytecode = True
import networks  # noqa: E402

warnings.filterwarnings('ignore')
torch.set_num_threads(1)
# The exporter asks the onnx package for custom functions, of which there are none here; without it the same bytes come out.
from torch.onnx._internal.torchscript_exporter import onnx_proto_utils  # noqa: E402

onnx_proto_utils._add_onnxscript_fn = lambda model_bytes, _custom_opsets: model_bytes
print(json.dumps({'version': torch.__version__}), flush=True)


def tensors(question):
    for name, values in question['inputs'].items():
        shape = question['shapes'][name]
        yield torch.tensor(values, dtype=torch.int64 if name in ('ids', 'mask') else torch.float32).reshape(shape)


class Adapted(nn.Module):
    """y = base(x) + scale * x A B (Hu et al. 2021)."""

    def __init__(self, base, a, b, rank, scale):
        super().__init__()
        self.base, self.scale = base, scale
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float32).reshape(-1, rank))
        self.b = nn.Parameter(torch.tensor(b, dtype=torch.float32).reshape(rank, -1))

    def forward(self, x):
        return self.base(x) + self.scale * (x @ self.a @ self.b)


for line in sys.stdin:
    question = json.loads(line)
    torch.manual_seed(question['seed'])
    model = networks.shaken(getattr(networks, question['make'])(**question['settings']))
    given = tuple(tensors(question))
    if 'path' in question:
        names = list(question['inputs'])
        axes = {name: {0: 'batch', **({1: 'tokens'} if name in ('ids', 'mask') else {})} for name in names}
        torch.onnx.export(model, given, question['path'], input_names=names, output_names=['logits'], dynamo=False,
                          dynamic_axes={**axes, 'logits': {0: 'batch'}}, opset_version=question['opset'],
                          training=torch.onnx.TrainingMode.PRESERVE)
        print(json.dumps({'losses': []}), flush=True)
        continue
    trained = list(model.parameters())
    if 'head' in question:
        weight, bias = (torch.tensor(each, dtype=torch.float32) for each in question['head'])
        model.head = nn.Linear(model.head.in_features, len(bias))
        with torch.no_grad():
            model.head.weight.copy_(weight.reshape(-1, len(bias)).T)
            model.head.bias.copy_(bias)
        trained = list(model.head.parameters())
    if 'lora' in question:
        trained = []
        for path, a, b, rank, scale in question['lora']:
            *parents, name = path.split('.')
            parent = model.get_submodule('.'.join(parents))
            setattr(parent, name, Adapted(getattr(parent, name), a, b, rank, scale))
            trained += [getattr(parent, name).a, getattr(parent, name).b]
    if question['train']:
        model.train()
    optimizer = torch.optim.SGD(trained, lr=question['learningRate'])
    targets = torch.tensor(question['targets'])
    losses = []
    for _ in range(question['steps']):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(*given), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(json.dumps({'losses': losses, 'finite': bool(np.isfinite(losses).all())}), flush=True)
