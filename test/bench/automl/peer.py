"""One AutoML system on one split: trains within the budget on two cores, answers the test rows.
Arguments: one JSON object on stdin. Prints one JSON line: {"seconds": wall time of fit, "answers": [...] or [[...], ...], "classes": [...], "version": "..."}."""
import json
import os
import sys
import time

order = json.load(sys.stdin)
system, target, task, budget = order["system"], order["target"], order["task"], order["budget"]
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # whatever a library prints does not disturb the answer

import pandas as pd  # noqa: E402

train = pd.read_csv(order["train"], sep=order["delimiter"], keep_default_na=True)
test = pd.read_csv(order["test"], sep=order["delimiter"], keep_default_na=True)
train = train[train[target].notna()]
if task != "regression":
    train[target] = train[target].astype(str)
features = [name for name in train.columns if name != target]
started = time.perf_counter()


def flaml():
    import flaml
    from flaml import AutoML

    metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[task]
    kind = "regression" if task == "regression" else "classification"
    model = AutoML()
    model.fit(train[features], train[target], task=kind, metric=metric, time_budget=budget, n_jobs=2, seed=1, verbose=0, ensemble=False)
    seconds = time.perf_counter() - started
    if task == "regression":
        return seconds, model.predict(test[features]).tolist(), None, flaml.__version__
    return seconds, model.predict_proba(test[features]).tolist(), [str(c) for c in model.classes_], flaml.__version__


def autogluon():
    import tempfile

    import autogluon.tabular
    from autogluon.tabular import TabularPredictor

    metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "root_mean_squared_error"}[task]
    predictor = TabularPredictor(label=target, eval_metric=metric, problem_type=task, path=tempfile.mkdtemp(), verbosity=0)
    predictor.fit(train, time_limit=budget, presets=order.get("preset", "good_quality"), num_cpus=2, dynamic_stacking=False)
    seconds = time.perf_counter() - started
    version = autogluon.tabular.__version__
    if task == "regression":
        return seconds, predictor.predict(test[features]).tolist(), None, version
    p = predictor.predict_proba(test[features])
    return seconds, p.values.tolist(), [str(c) for c in p.columns], version


def h2o():
    import h2o as library
    from h2o.automl import H2OAutoML

    library.init(nthreads=2, max_mem_size="6g", port=order["port"], name=f"bench{order['port']}", bind_to_localhost=True, log_level="ERRR")
    library.no_progress()
    began = time.perf_counter()
    try:
        frame = library.H2OFrame(train)
        held = library.H2OFrame(test[features])
        for name in features:
            if not pd.api.types.is_numeric_dtype(train[name]):
                frame[name], held[name] = frame[name].asfactor(), held[name].asfactor()
        if task != "regression":
            frame[target] = frame[target].asfactor()
        model = H2OAutoML(max_runtime_secs=budget, seed=1, sort_metric={"binary": "AUC", "multiclass": "logloss", "regression": "RMSE"}[task])
        model.train(x=features, y=target, training_frame=frame)
        seconds = time.perf_counter() - began
        answers = model.leader.predict(held).as_data_frame(use_multi_thread=False)
        if task == "regression":
            return seconds, answers["predict"].tolist(), None, library.__version__
        columns = [c for c in answers.columns if c != "predict"]
        classes = frame[target].levels()[0]
        return seconds, answers[columns].values.tolist(), [str(c) for c in classes], library.__version__
    finally:
        library.cluster().shutdown()


seconds, answers, classes, version = {"flaml": flaml, "autogluon": autogluon, "h2o": h2o}[system]()
out.write(json.dumps({"seconds": seconds, "answers": answers, "classes": classes, "version": version}) + "\n")
out.flush()
os._exit(0)
