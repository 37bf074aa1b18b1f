"""Judges our trees: JSON lines in, JSON lines out. The first answer names the versions."""
import json
import sys
import tempfile
import warnings

import lightgbm
import numpy as np
import onnxruntime
import shap

warnings.filterwarnings("ignore")


def table(random, rows, categories):
    x = random.normal(size=(rows, 8)).astype(np.float32)
    for column, count in enumerate(categories):
        x[:, column] = random.integers(0, count, rows)
    x[:, 7] = np.round(x[:, 7])
    effects = [random.normal(size=count) for count in categories]
    signal = x[:, 5] * x[:, 6] + np.sin(2 * x[:, 4]) + 0.3 * x[:, 7]
    for column, effect in enumerate(effects):
        signal = signal + effect[x[:, column].astype(int)]
    x[random.random(x.shape) < 0.05] = np.nan
    return x, signal


def target(kind, signal, random):
    if kind == "binary":
        return (signal + random.normal(size=len(signal)) > 0).astype(int)
    if kind == "multiclass":
        return np.digitize(signal, [-1, 1])
    if kind == "poisson":
        return random.poisson(np.exp(signal / 3))
    return signal + random.normal(size=len(signal)) * 0.2


def train(question):
    """A model of LightGBM as text, rows, its raw scores and Shapley values: LightGBM's own and those of shap's extension."""
    random = np.random.default_rng(question["seed"])
    categories = question["categories"]
    x, signal = table(random, 3000, categories)
    y = target(question["objective"], signal, random)
    params = dict(
        objective=question["objective"], verbose=-1, num_threads=1, seed=1, deterministic=True, **question.get("settings", {})
    )
    data = lightgbm.Dataset(x, y, categorical_feature=list(range(len(categories))), free_raw_data=False)
    model = lightgbm.train(params, data, question["rounds"])
    rows = x[: question["rows"]].copy()
    with tempfile.NamedTemporaryFile("r", suffix=".txt") as file:
        model.save_model(file.name)
        text = open(file.name).read()
    outputs = model.num_model_per_iteration()
    contributions = model.predict(rows, pred_contrib=True).reshape(len(rows), outputs, -1)
    answer = {
        "model": text,
        "rows": [None if np.isnan(v) else float(v) for v in rows.ravel()],
        "raw": model.predict(rows, raw_score=True).reshape(-1).tolist(),
        "lightgbm": contributions.ravel().tolist(),
    }
    if not categories and outputs == 1:
        # For models of LightGBM shap asks LightGBM; as a model of its own kind it computes itself, without categories or classes.
        explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
        explainer.model.model_type = "internal"
        values = explainer.shap_values(rows.astype(np.float64), check_additivity=False)
        answer["shap"] = np.asarray(values).ravel().tolist()
    return answer


def score(question):
    """What an exported model gives here, on one thread and two."""
    features = np.fromfile(question["features"], dtype=np.float32).reshape(-1, question["featureCount"])
    answer = {}
    for threads in (1, 2):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(question["model"], options, providers=["CPUExecutionProvider"])
        answer[f"threads{threads}"] = session.run(None, {"features": features})[0].ravel().tolist()
    return answer


print(json.dumps({"shap": shap.__version__, "lightgbm": lightgbm.__version__, "onnxruntime": onnxruntime.__version__}))
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps({"train": train, "score": score}[question["do"]](question)))
