"""Writes sklearn.fixture.json: small tables and the linear models that scikit-learn fits to them.

python3 -m venv env && env/bin/pip install scikit-learn==1.9.1 && env/bin/python sklearnFixture.py > sklearn.fixture.json
"""
import json
import numpy as np
import sklearn
from sklearn import linear_model as lm

rng = np.random.default_rng(20261125)
n = 60
a, b, c = rng.normal(size=(3, n))
flag = rng.integers(0, 2, n)
X = np.stack([a, a + 0.1 * b, 3 * c + 1, flag], 1).astype(np.float32).astype(np.float64)
signal = 0.8 * a - 0.5 * c + 0.6 * flag
weights = np.round(0.2 + 2 * rng.random(n), 2).astype(np.float32).astype(np.float64)
targets = {
    "number": 20 + 5 * signal + rng.normal(size=n) * 2,
    "binary": (signal + rng.normal(size=n) > 0.3).astype(int),
    "classes": np.digitize(signal + 0.7 * rng.normal(size=n), [-0.3, 0.8]),
    "count": np.round(np.exp(0.6 * signal + 0.4 * rng.normal(size=n))),
    "positive": np.exp(0.5 * signal + 0.5 * rng.normal(size=n)),
}


def fit(name, target, model, **more):
    y = targets[target]
    model.fit(X, y, sample_weight=weights)
    given = model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)
    return {"name": name, "target": target, **more, "coefficients": np.atleast_2d(model.coef_).tolist(),
            "intercepts": np.atleast_1d(model.intercept_).tolist(), "predictions": np.asarray(given).ravel().tolist()}


total = float(weights.sum())
C = 0.5
cases = [
    fit("least squares", "number", lm.LinearRegression(), family="squared", l1=0, l2=0),
    fit("ridge", "number", lm.Ridge(alpha=3), family="squared", l1=0, l2=3 / total),
    fit("elastic net", "number", lm.ElasticNet(alpha=0.4, l1_ratio=0.5, tol=1e-13, max_iter=10**6), family="squared", l1=0.2, l2=0.2),
    fit("logistic, L2", "binary", lm.LogisticRegression(C=C, tol=1e-10, max_iter=10**5), family="logistic", l1=0, l2=1 / (C * total)),
    fit("logistic, L1", "binary", lm.LogisticRegression(C=C, l1_ratio=1, solver="saga", tol=1e-10, max_iter=10**6), family="logistic", l1=1 / (C * total), l2=0),
    fit("multinomial, L2", "classes", lm.LogisticRegression(C=C, tol=1e-10, max_iter=10**5), family="multinomial", l1=0, l2=1 / (C * total)),
    fit("multinomial, L1", "classes", lm.LogisticRegression(C=C, l1_ratio=1, solver="saga", tol=1e-10, max_iter=10**6), family="multinomial", l1=1 / (C * total), l2=0),
    fit("Poisson", "count", lm.PoissonRegressor(alpha=0.05, tol=1e-9, max_iter=10**5, solver="newton-cholesky"), family="deviance", power=1, l1=0, l2=0.05),
    fit("gamma", "positive", lm.GammaRegressor(alpha=0.05, tol=1e-9, max_iter=10**5, solver="newton-cholesky"), family="deviance", power=2, l1=0, l2=0.05),
    fit("Tweedie 1.5", "positive", lm.TweedieRegressor(power=1.5, alpha=0.05, link="log", tol=1e-9, max_iter=10**5, solver="newton-cholesky"), family="deviance", power=1.5, l1=0, l2=0.05),
    fit("quantile 0.8", "number", lm.QuantileRegressor(quantile=0.8, alpha=0), family="quantile", level=0.8, l1=0, l2=0),
]
print(json.dumps({"scikitLearn": sklearn.__version__, "X": X.tolist(), "weights": weights.tolist(),
                  "targets": {name: y.tolist() for name, y in targets.items()}, "cases": cases}))
