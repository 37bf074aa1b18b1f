"""Linear models of scikit-learn: one JSON line a case on stdin ({estimator, settings, X, y, weights, predict}), one answer a line on stdout.

Every estimator is asked for more precision than its default, so that what differs is not where it stopped.
"""
import json, sys, warnings
import numpy as np
import sklearn
from sklearn import linear_model as lm
from sklearn.exceptions import ConvergenceWarning

warnings.simplefilter("ignore", ConvergenceWarning)
warnings.simplefilter("ignore", FutureWarning)


def answer(case):
    X, y = np.array(case["X"], dtype=np.float64), np.array(case["y"])
    model = getattr(lm, case["estimator"])(**case["settings"])
    weights = {} if case.get("weights") is None else {"sample_weight": np.array(case["weights"], dtype=np.float64)}
    model.fit(X, y, **weights)
    if case["estimator"] == "HuberRegressor":
        # Its L-BFGS ends by a tolerance on the loss that cannot be set; starting again where it stood goes on.
        model.set_params(warm_start=True)
        for _ in range(30):
            model.fit(X, y, **weights)
    result = {"coefficients": np.atleast_2d(model.coef_).tolist(), "intercepts": np.atleast_1d(model.intercept_).tolist()}
    if hasattr(model, "predict_proba"):
        result["predictions"] = model.predict_proba(X).tolist()
    else:
        result["predictions"] = np.asarray(model.predict(X)).reshape(len(X), -1).tolist()
    if hasattr(model, "scale_"):
        result["scale"] = float(model.scale_)
    return result


print(json.dumps({"version": sklearn.__version__}))
for line in sys.stdin:
    if line.strip():
        print(json.dumps(answer(json.loads(line))))
