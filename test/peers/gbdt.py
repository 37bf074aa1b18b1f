"""LightGBM on the tables of gbdt.peer.ts: a JSON line in, raw scores out."""

import json
import sys

import lightgbm
import numpy

print(json.dumps({"version": lightgbm.__version__}), flush=True)
for line in sys.stdin:
    case = json.loads(line)
    features = numpy.array([[numpy.nan if cell is None else cell for cell in row] for row in case["features"]], dtype=numpy.float32)
    weights = numpy.array(case["weights"]) if case["weights"] else None
    # Each value its own bin, as ours: the same cuts up to where between two values they stand.
    parameters = {"verbose": -1, "num_threads": 1, "min_data_in_bin": 1, "max_bin": 255, "deterministic": True, "force_row_wise": True, **case["parameters"]}
    data = lightgbm.Dataset(features, numpy.array(case["target"]), weight=weights, categorical_feature=case["categorical"], params=parameters)
    model = lightgbm.train(parameters, data, case["rounds"])
    scores = model.predict(features, raw_score=True)
    print(json.dumps({"scores": scores.reshape(len(features), -1).tolist(), "first": model.predict(features, pred_leaf=True)[:, 0].tolist()}), flush=True)
