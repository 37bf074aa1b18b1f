"""ONNX's LSTM, GRU and RNN in every form, step by step as ONNX defines them, for PyTorch's autograd. PyTorch's own layers
judge the forms that they have (pytorchLayers.py)."""

import torch
from torch.nn import functional

ACTIVATIONS = {
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Relu": torch.relu,
    "HardSigmoid": lambda x: functional.hardtanh(0.2 * x + 0.5, 0.0, 1.0),
    "Softsign": functional.softsign,
    "Softplus": functional.softplus,
    "Elu": functional.elu,
}


def bounded(attributes, x):
    return x if "clip" not in attributes else torch.clamp(x, -attributes["clip"], attributes["clip"])


def lstm_step(attributes, functions, x, w, r, b, state, p):
    f, g, h = functions
    hidden, cell = state
    i, o, forget, c = (x @ w.T + hidden @ r.T + b[0] + b[1]).chunk(4, -1)
    pi, po, pf = p.chunk(3) if p is not None else (0, 0, 0)
    opened = f(bounded(attributes, i + pi * cell))
    kept = 1 - opened if attributes.get("input_forget", 0) else f(bounded(attributes, forget + pf * cell))
    cell = kept * cell + opened * g(bounded(attributes, c))
    return f(bounded(attributes, o + po * cell)) * h(cell), cell


def gru_step(attributes, functions, x, w, r, b, state, _):
    f, g = functions
    (hidden,) = state
    (wz, wr, wh), (rz, rr, rh) = w.chunk(3), r.chunk(3)
    (bz, br, bh), (cz, cr, ch) = b[0].chunk(3), b[1].chunk(3)
    z = f(bounded(attributes, x @ wz.T + hidden @ rz.T + bz + cz))
    reset = f(bounded(attributes, x @ wr.T + hidden @ rr.T + br + cr))
    if attributes.get("linear_before_reset", 0):
        inner = reset * (hidden @ rh.T + ch)
    else:
        inner = (reset * hidden) @ rh.T + ch
    return ((1 - z) * g(bounded(attributes, x @ wh.T + inner + bh)) + z * hidden,)


def rnn_step(attributes, functions, x, w, r, b, state, _):
    (f,) = functions
    return (f(bounded(attributes, x @ w.T + state[0] @ r.T + b[0] + b[1])),)


def recurrent(step, names, has_cell=False):
    def run(attributes, x, w, r, b=None, lengths=None, h=None, c=None, p=None):
        if "activation_alpha" in attributes or "activation_beta" in attributes:
            raise NotImplementedError("activations with numbers")
        batch_first = attributes.get("layout", 0)
        if batch_first:
            x, h, c = (each if each is None else each.transpose(0, 1) for each in (x, h, c))
        steps, rows, hidden = x.shape[0], x.shape[1], r.shape[-1]
        valid = torch.full([rows], steps) if lengths is None else lengths.long()
        direction = attributes.get("direction", "forward")
        functions = [ACTIVATIONS[name] for name in attributes.get("activations", names * w.shape[0])]
        outputs, states = [], []
        for at in range(w.shape[0]):
            state = [torch.zeros(rows, hidden) if each is None else each[at] for each in ((h, c) if has_cell else (h,))]
            bias = torch.zeros(2, r.shape[1]) if b is None else b[at].reshape(2, -1)
            backwards = direction == "reverse" or at == 1
            found = torch.zeros(steps, rows, hidden)
            for time in range(steps):
                place = (valid - 1 - time).clamp(min=0) if backwards else torch.full([rows], time)
                going = (time < valid).unsqueeze(-1)
                own = functions[at * len(names) : (at + 1) * len(names)]
                now = step(attributes, own, x[place, torch.arange(rows)], w[at], r[at], bias, state, None if p is None else p[at])
                state = [torch.where(going, new, old) for new, old in zip(now, state)]
                found = found.index_put((place, torch.arange(rows)), torch.where(going, now[0], torch.zeros(())), accumulate=True)
            outputs.append(found)
            states.append(state)
        results = [torch.stack(outputs, 1), *(torch.stack(each, 0) for each in zip(*states))]
        if batch_first:
            results = [results[0].permute(2, 0, 1, 3), *(each.transpose(0, 1) for each in results[1:])]
        return tuple(results)

    return run


lstm = recurrent(lstm_step, ["Sigmoid", "Tanh", "Tanh"], has_cell=True)
gru = recurrent(gru_step, ["Sigmoid", "Tanh"])
rnn = recurrent(rnn_step, ["Tanh"])
