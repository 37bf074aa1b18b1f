"""Writes sklearn.fixture.json: answers of made-up models and what scikit-learn says of them.

python3 -m venv env && env/bin/pip install scikit-learn==1.7.2 && env/bin/python sklearnFixture.py > sklearn.fixture.json
"""
import json
import numpy as np
from scipy.stats import spearmanr
from sklearn import metrics as m

def deLongError(y, s):
    """Standard error of the area, straight from the definition (all pairs)."""
    pos, neg = s[y == 1], s[y == 0]
    wins = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    return float(np.sqrt(wins.mean(1).var(ddof=1) / len(pos) + wins.mean(0).var(ddof=1) / len(neg)))

def calibrationError(stated, hit):
    """Guo et al. 2017, 15 bins of equal width."""
    bins = np.minimum((stated * 15).astype(int), 14)
    return float(sum(abs(stated[bins == b].sum() - hit[bins == b].sum()) for b in range(15)) / len(stated))

def fromConfusion(y, a, average):
    return {"balancedAccuracy": m.balanced_accuracy_score(y, a), "precision": m.precision_score(y, a, average=average),
            "recall": m.recall_score(y, a, average=average), "f1Macro": m.f1_score(y, a, average="macro"),
            "f1Weighted": m.f1_score(y, a, average="weighted"), "mcc": m.matthews_corrcoef(y, a), "kappa": m.cohen_kappa_score(y, a)}

def top(y, s, share):
    """Positives in the top share of the rows; needs distinct scores."""
    return float(y[np.argsort(-s)[:int(share * len(y))]].sum() / y.sum())

def binary(rng, n, rounding):
    y = (rng.random(n) < 0.3).astype(int)
    p = 1 / (1 + np.exp(-(1.6 * y - 1.2 + rng.normal(size=n))))
    if rounding is not None: p = np.round(p, rounding)
    P = np.stack([1 - p, p], 1).astype(np.float32)
    q = P[:, 1]
    return {"truth": y.tolist(), "classes": 2, "probabilities": P.ravel().astype(float).tolist(), "expected": {
        "accuracy": m.accuracy_score(y, P.argmax(1)), "auc": m.roc_auc_score(y, q), "f1": m.f1_score(y, P.argmax(1)),
        "logLoss": m.log_loss(y, P),
        "averagePrecision": m.average_precision_score(y, q), "brier": m.brier_score_loss(y, q.astype(float)),
        "calibrationError": calibrationError(q.astype(float), y), **fromConfusion(y, P.argmax(1), "binary"),
        **({"lift10": top(y, q, .1) / .1, "recall5": top(y, q, .05)} if rounding is None else {})}, "deLongError": deLongError(y, q)}

def multiclass(rng, n, k):
    y = rng.integers(0, k, n)
    z = rng.normal(size=(n, k)) + 1.5 * np.eye(k)[y]
    P = np.exp(z); P = (P / P.sum(1, keepdims=True)).astype(np.float32)
    Q = P.astype(np.float64); Q /= Q.sum(1, keepdims=True)
    return {"truth": y.tolist(), "classes": k, "probabilities": P.ravel().astype(float).tolist(), "expected": {
        "accuracy": m.accuracy_score(y, P.argmax(1)), "auc": m.roc_auc_score(y, Q, multi_class="ovr", average="macro"),
        "f1": m.f1_score(y, P.argmax(1), average="macro"), "logLoss": m.log_loss(y, P),
        "averagePrecision": m.average_precision_score(np.eye(k)[y], P, average="macro"), "brier": m.brier_score_loss(y, Q),
        "calibrationError": calibrationError(P.max(1).astype(float), y == P.argmax(1)), "top3Accuracy": m.top_k_accuracy_score(y, P, k=3),
        **fromConfusion(y, P.argmax(1), "macro")}}

def regression(rng, n):
    y = rng.normal(size=n) * 50 + 1000
    q = (y + rng.normal(size=n) * 20).astype(np.float32)
    return {"truth": y.tolist(), "prediction": q.astype(float).tolist(), "expected": {
        "rmse": m.root_mean_squared_error(y, q.astype(float)), "mae": m.mean_absolute_error(y, q.astype(float)), "r2": m.r2_score(y, q.astype(float)),
        **numbers(y, q.astype(float))}}

def numbers(y, q):
    return {"medianAbsoluteError": m.median_absolute_error(y, q), "mape": m.mean_absolute_percentage_error(y, q),
            "smape": float(np.mean(2 * abs(q - y) / (abs(q) + abs(y)))), "rmsle": m.root_mean_squared_log_error(y, q),
            "poissonDeviance": m.mean_poisson_deviance(y, q), "pinball10": m.mean_pinball_loss(y, q, alpha=.1),
            "pinball90": m.mean_pinball_loss(y, q, alpha=.9), "spearman": spearmanr(y, q).statistic}

def counts(rng, n):
    """Many ties and zeros."""
    y = rng.poisson(2, n).astype(float)
    q = np.maximum(.5, np.round(y + rng.normal(size=n), 1)).astype(np.float32).astype(float)
    return {"truth": y.tolist(), "prediction": q.tolist(), "expected": {n: v for n, v in numbers(y, q).items() if n != "mape"}}

def ranking(rng, n, groups):
    g = np.sort(rng.integers(0, groups, n)); y = rng.integers(0, 4, n).astype(float)
    q = np.round(y + rng.normal(size=n) * 2, 0)
    each = [m.ndcg_score([y[g == i]], [q[g == i]], k=10) for i in range(groups) if (g == i).sum() > 1]
    return {"truth": y.tolist(), "prediction": q.tolist(), "groups": g.tolist(), "ndcg10": float(np.mean(each))}

def rankingFigures(rng, n, groups):
    """Few relevant rows, groups without any, ties."""
    g = rng.integers(0, groups, n); y = np.where(rng.random(n) < .2, rng.integers(1, 5, n), 0).astype(float)
    y[g == 0] = 0
    q = np.round(y + rng.normal(size=n) * 2, 1)
    own = [(y[g == i], q[g == i]) for i in range(groups) if (y[g == i] > 0).any()]
    def firstPlace(y, q): return 1 / (q >= q[y > 0].max()).sum()
    # Of one relevant row the reciprocal rank is scikit-learn's label ranking average precision.
    for t, s in own:
        if (t > 0).sum() == 1: assert np.isclose(firstPlace(t, s), m.label_ranking_average_precision_score([t > 0], [s]))
    mean = lambda of: float(np.mean([of(t, s) for t, s in own]))
    return {"truth": y.tolist(), "prediction": q.tolist(), "groups": g.tolist(), "expected": {
        "ndcg5": mean(lambda t, s: m.ndcg_score([t], [s], k=5)), "ndcg10": mean(lambda t, s: m.ndcg_score([t], [s], k=10)),
        "meanAveragePrecision": mean(lambda t, s: m.average_precision_score(t > 0, s)), "meanReciprocalRank": mean(firstPlace)}}

def labels(rng, n, k, rounding):
    Y = (rng.random((n, k)) < np.linspace(.1, .6, k)).astype(int)
    P = 1 / (1 + np.exp(-(2 * Y - 1 + rng.normal(size=(n, k)))))
    if rounding is not None: P = np.round(P, rounding)
    P = P.astype(np.float32); A = (P >= .5).astype(int); Q = np.clip(P.astype(float), 2 ** -23, 1 - 2 ** -23)
    return {"truth": Y.ravel().tolist(), "labels": k, "probabilities": P.ravel().astype(float).tolist(), "expected": {
        "hammingLoss": m.hamming_loss(Y, A), "subsetAccuracy": m.accuracy_score(Y, A), "f1Micro": m.f1_score(Y, A, average="micro"),
        "f1Macro": m.f1_score(Y, A, average="macro"), "aucMicro": m.roc_auc_score(Y, P, average="micro"), "auc": m.roc_auc_score(Y, P, average="macro"),
        "averagePrecision": m.average_precision_score(Y, P, average="macro"),
        "logLoss": float(np.mean([m.log_loss(Y[:, j], Q[:, j], labels=[0, 1]) for j in range(k)]))}}

rng = np.random.default_rng(20261125)
print(json.dumps({"scikitLearn": __import__("sklearn").__version__, "binary": [binary(rng, 200, None), binary(rng, 300, 1)],
                  "multiclass": [multiclass(rng, 250, 4)], "regression": [regression(rng, 150), counts(rng, 151)], "ranking": ranking(rng, 120, 8),
                  "rankingFigures": rankingFigures(rng, 300, 14), "labels": [labels(rng, 160, 4, None), labels(rng, 200, 3, 1)]}))
