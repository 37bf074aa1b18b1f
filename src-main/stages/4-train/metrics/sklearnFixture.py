"""Writes sklearn.fixture.json: answers of made-up models and what scikit-learn says of them.

python3 -m venv env && env/bin/pip install scikit-learn==1.7.2 && env/bin/python sklearnFixture.py > sklearn.fixture.json
"""
import json
import numpy as np
from sklearn import metrics as m

def deLongError(y, s):
    """Standard error of the area, straight from the definition (all pairs)."""
    pos, neg = s[y == 1], s[y == 0]
    wins = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    return float(np.sqrt(wins.mean(1).var(ddof=1) / len(pos) + wins.mean(0).var(ddof=1) / len(neg)))

def binary(rng, n, rounding):
    y = (rng.random(n) < 0.3).astype(int)
    p = 1 / (1 + np.exp(-(1.6 * y - 1.2 + rng.normal(size=n))))
    if rounding is not None: p = np.round(p, rounding)
    P = np.stack([1 - p, p], 1).astype(np.float32)
    q = P[:, 1]
    return {"truth": y.tolist(), "classes": 2, "probabilities": P.ravel().astype(float).tolist(), "expected": {
        "accuracy": m.accuracy_score(y, P.argmax(1)), "auc": m.roc_auc_score(y, q), "f1": m.f1_score(y, P.argmax(1)),
        "logLoss": m.log_loss(y, P)}, "deLongError": deLongError(y, q)}

def multiclass(rng, n, k):
    y = rng.integers(0, k, n)
    z = rng.normal(size=(n, k)) + 1.5 * np.eye(k)[y]
    P = np.exp(z); P = (P / P.sum(1, keepdims=True)).astype(np.float32)
    Q = P.astype(np.float64); Q /= Q.sum(1, keepdims=True)
    return {"truth": y.tolist(), "classes": k, "probabilities": P.ravel().astype(float).tolist(), "expected": {
        "accuracy": m.accuracy_score(y, P.argmax(1)), "auc": m.roc_auc_score(y, Q, multi_class="ovr", average="macro"),
        "f1": m.f1_score(y, P.argmax(1), average="macro"), "logLoss": m.log_loss(y, P)}}

def regression(rng, n):
    y = rng.normal(size=n) * 50 + 1000
    q = (y + rng.normal(size=n) * 20).astype(np.float32)
    return {"truth": y.tolist(), "prediction": q.astype(float).tolist(), "expected": {
        "rmse": m.root_mean_squared_error(y, q.astype(float)), "mae": m.mean_absolute_error(y, q.astype(float)), "r2": m.r2_score(y, q.astype(float))}}

rng = np.random.default_rng(20261125)
print(json.dumps({"scikitLearn": __import__("sklearn").__version__, "binary": [binary(rng, 200, None), binary(rng, 300, 1)],
                  "multiclass": [multiclass(rng, 250, 4)], "regression": [regression(rng, 150)]}))
