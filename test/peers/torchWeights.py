"""PyTorch's parameters under our names, for the models of test/bench/training/torchModels.py, and tensors from JSON."""

import torch
from torch import nn

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
