"""Neighbours, naive Bayes and calibration of scikit-learn: one JSON line a case on stdin, one answer {answers: [...]} a line on stdout."""
import json, sys, warnings
import numpy as np
import sklearn
from sklearn import isotonic, naive_bayes, neighbors
from sklearn.calibration import _SigmoidCalibration

warnings.simplefilter("ignore")


def answer(case):
    kind, settings = case["estimator"], case["settings"]
    weights = None if case.get("weights") is None else np.array(case["weights"], dtype=np.float64)
    y = np.array(case["y"])
    if kind == "IsotonicRegression":
        model = isotonic.IsotonicRegression(out_of_bounds="clip").fit(case["x"], y, sample_weight=weights)
        return model.predict(case["test"])
    if kind == "SigmoidCalibration":
        model = _SigmoidCalibration().fit(np.array(case["x"]), y, sample_weight=weights)
        return model.predict(np.array(case["test"]))
    X, test = np.array(case["X"], dtype=np.float64), np.array(case["test"], dtype=np.float64)
    if kind.startswith("KNeighbors"):
        model = getattr(neighbors, kind)(algorithm="brute", **settings).fit(X, y)
    else:
        model = getattr(naive_bayes, kind)(**settings).fit(X, y, sample_weight=weights)
    return model.predict_proba(test) if hasattr(model, "predict_proba") else model.predict(test)


print(json.dumps({"version": sklearn.__version__}))
for line in sys.stdin:
    if line.strip():
        print(json.dumps({"answers": np.asarray(answer(json.loads(line)), dtype=np.float64).ravel().tolist()}))
