"""Metrics, partial dependence and Shapley values of scikit-learn and shap: one JSON line a case on stdin, one answer {answers: [...]} a line on stdout."""
import json, sys, warnings
import numpy as np
import shap, sklearn
from sklearn import metrics as m
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.inspection import partial_dependence

warnings.simplefilter("ignore")


def function(name):
    if name == "interactions":
        return lambda X: X[:, 0] * X[:, 1] + np.maximum(X[:, 2], X[:, 3]) - (X[:, 4] > 0) * X[:, 0]
    return lambda X: 2 * X[:, 0] - np.abs(X[:, 1]) + np.sin(X[:, 2]) + X[:, 3] * 0 + (X[:, 4] > 0)


class Model(RegressorMixin, BaseEstimator):
    def __init__(self, f=None):
        self.f = f

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return self.f(np.asarray(X))


def named_metrics(case):
    y = np.array(case["truth"])
    if case["classes"] == 0:
        q = np.array(case["answers"])
        return [m.root_mean_squared_error(y, q), m.mean_absolute_error(y, q), m.r2_score(y, q), m.median_absolute_error(y, q),
                m.mean_absolute_percentage_error(y, q), m.mean_pinball_loss(y, q, alpha=0.9)]
    P = np.array(case["answers"]).reshape(len(y), -1)
    a = P.argmax(1)
    average = "binary" if P.shape[1] == 2 else "macro"
    curve = m.average_precision_score(y, P[:, 1]) if P.shape[1] == 2 else m.average_precision_score(np.eye(P.shape[1])[y], P, average="macro")
    return [m.accuracy_score(y, a), m.balanced_accuracy_score(y, a), m.precision_score(y, a, average=average), m.recall_score(y, a, average=average),
            m.f1_score(y, a, average="weighted"), m.matthews_corrcoef(y, a), m.cohen_kappa_score(y, a), curve,
            m.brier_score_loss(y, P[:, 1] if P.shape[1] == 2 else P)]


def answer(case):
    if case["kind"] == "metrics":
        return named_metrics(case)
    X = np.array(case["X"], dtype=np.float64)
    f = function(case["function"])
    if case["kind"] == "shapley":
        masker = shap.maskers.Independent(X[1:], max_samples=len(X))
        return shap.explainers.Exact(f, masker)(X[:1], silent=True).values[0]
    model = Model(f).fit(X, None)
    grid = np.array(case["grid"])
    return partial_dependence(model, X, [case["column"]], custom_values={case["column"]: grid}, kind="average")["average"][0]


print(json.dumps({"version": f"scikit-learn {sklearn.__version__}, shap {shap.__version__}"}))
for line in sys.stdin:
    if line.strip():
        print(json.dumps({"answers": np.asarray(answer(json.loads(line)), dtype=np.float64).ravel().tolist()}))
