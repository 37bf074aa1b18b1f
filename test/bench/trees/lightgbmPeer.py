"""LightGBM on tables of normal noise, one line a question. First line in: the folder to write to; then JSON questions.

Answers `model`: trains, saves the model as text and 10,000 rows as float32, gives their raw scores. `predict`, `row`, `explain`:
seconds of one turn. A single row goes through the C interface that LightGBM recommends for it, prepared beforehand, as well as
through Python; the faster one counts.
"""
import ctypes
import json
import pathlib
import sys
import time
import warnings

import lightgbm
import numpy as np
from lightgbm.basic import _LIB

warnings.filterwarnings("ignore")
folder = pathlib.Path(sys.stdin.readline().strip())
print(json.dumps(lightgbm.__version__), flush=True)
models = {}


def make(name, objective, categories, rounds, leaves, classes=1):
    random = np.random.default_rng(7)
    x = random.normal(size=(50_000, 28)).astype(np.float32)
    effects = []
    for column, count in enumerate(categories):
        x[:, column] = random.integers(0, count, len(x))
        effects.append(random.normal(size=count))
    signal = x[:, 20] * x[:, 21] + np.sin(3 * x[:, 22]) + x[:, 23]
    for column, effect in enumerate(effects):
        signal = signal + effect[x[:, column].astype(int)]
    signal = signal + 0.5 * random.normal(size=len(x))
    x[random.random(x.shape) < 0.05] = np.nan
    y = np.digitize(signal, np.quantile(signal, np.arange(1, classes) / classes)) if classes > 1 else (signal > 0).astype(int)
    params = dict(objective=objective, num_leaves=leaves, verbose=-1, num_threads=2, seed=1, deterministic=True)
    if classes > 1:
        params["num_class"] = classes
    data = lightgbm.Dataset(x, y, categorical_feature=list(range(len(categories))))
    model = lightgbm.train(params, data, rounds)
    model.save_model(folder / f"{name}.txt")
    rows = np.ascontiguousarray(x[:10_000])
    rows.tofile(folder / f"{name}.rows")
    np.asarray(model.predict(rows, raw_score=True), dtype=np.float64).tofile(folder / f"{name}.scores")
    models[name] = (model, rows)


def seconds(run):
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def single_rows(model, rows, count):
    """Seconds a row: by the C interface for single rows, and by Python."""
    handle, width, outputs = ctypes.c_void_p(), rows.shape[1], model.num_model_per_iteration()
    raw_score, float32 = 1, 0
    parameters = ctypes.c_char_p(b"num_threads=1")
    code = _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
        model._handle, raw_score, 0, -1, float32, width, parameters, ctypes.byref(handle)
    )
    assert code == 0
    length, result = ctypes.c_int64(), (ctypes.c_double * outputs)()
    base = rows.ctypes.data
    pointers = [ctypes.c_void_p(base + 4 * width * row) for row in range(count)]
    by_reference = ctypes.byref(length)

    def fast():
        for pointer in pointers:
            _LIB.LGBM_BoosterPredictForMatSingleRowFast(handle, pointer, by_reference, result)

    def python():
        for row in range(count // 10):
            model.predict(rows[row : row + 1], raw_score=True, num_threads=1)

    fast()
    times = {"c": seconds(fast) / count, "python": seconds(python) / (count // 10)}
    _LIB.LGBM_FastConfigFree(handle)
    return times


for line in sys.stdin:
    question = json.loads(line)
    kind, name = question.pop("do"), question.pop("name")
    if kind == "model":
        make(name, **question)
        answer = 0
    else:
        model, rows = models[name]
        if kind == "predict":
            answer = seconds(lambda: model.predict(rows, raw_score=True, num_threads=question["threads"]))
        elif kind == "row":
            answer = single_rows(model, rows, question["rows"])
        else:
            answer = seconds(lambda: model.predict(rows[: question["rows"]], pred_contrib=True, num_threads=question["threads"]))
    print(json.dumps(answer), flush=True)
