"""LightGBM and XGBoost on the tables of gbdt.bench.ts: a JSON line in, a JSON line out."""

import json
import sys
import time

import lightgbm
import numpy
import xgboost


def load(folder, case):
    width, sides = case["width"], {}
    for side in ("train", "test"):
        features = numpy.fromfile(f"{folder}/{side}.features", dtype=numpy.float32).reshape(-1, width)
        sides[side] = (features, numpy.fromfile(f"{folder}/{side}.target", dtype=numpy.float32))
    weights = numpy.fromfile(f"{folder}/weights", dtype=numpy.float32) if case["weighted"] else None
    return sides, weights


def lightgbm_parameters(case, threads, least, quantised):
    objective = {"logistic": "binary", "squared": "regression", "softmax": "multiclass"}[case["objective"]]
    parameters = {
        "objective": objective, "num_leaves": case["leaves"], "learning_rate": 0.1, "max_bin": 255, "min_data_in_leaf": least,
        "num_threads": threads, "verbose": -1, "use_quantized_grad": quantised, "seed": 1,
    }
    if objective == "multiclass":
        parameters["num_class"] = case["classes"]
    if case["sample"] < 1:
        parameters.update(bagging_fraction=case["sample"], bagging_freq=1, feature_fraction=case["sample"])
    if case["monotone"]:
        parameters["monotone_constraints"] = case["monotone"]
    return parameters


def xgboost_parameters(case, threads, least):
    objective = {"logistic": "binary:logistic", "squared": "reg:squarederror", "softmax": "multi:softprob"}[case["objective"]]
    parameters = {
        "objective": objective, "tree_method": "hist", "grow_policy": "lossguide", "max_leaves": case["leaves"], "max_depth": 0,
        "eta": 0.1, "max_bin": 255, "lambda": 0, "min_child_weight": 1e-3 if objective != "reg:squarederror" else least, "nthread": threads, "seed": 1,
    }
    if objective == "multi:softprob":
        parameters["num_class"] = case["classes"]
    if case["sample"] < 1:
        parameters.update(subsample=case["sample"], colsample_bytree=case["sample"])
    if case["monotone"]:
        parameters["monotone_constraints"] = tuple(case["monotone"])
    return parameters


def loss(case, target, answers):
    if case["objective"] == "squared":
        return float(numpy.mean((answers - target) ** 2))
    answers = numpy.clip(answers, 1e-15, 1 - 1e-7)
    if case["objective"] == "logistic":
        return float(-numpy.mean(target * numpy.log(answers) + (1 - target) * numpy.log(1 - answers)))
    return float(-numpy.mean(numpy.log(answers[numpy.arange(len(target)), target.astype(int)])))


folder = sys.argv[1]
print(json.dumps({"lightgbm": lightgbm.__version__, "xgboost": xgboost.__version__}), flush=True)
data, case = {}, {}
for line in sys.stdin:
    order = json.loads(line)
    if order["do"] == "load":
        case = order["case"]
        sides, weights = load(folder, case)
        features, target = sides["train"]
        categories = [at for at, is_category in enumerate(case["categorical"]) if is_category]
        started = time.perf_counter()
        set_ = lightgbm.Dataset(features, target, weight=weights, categorical_feature=categories, params={"max_bin": 255, "verbose": -1, "num_threads": order["threads"]}, free_raw_data=False)
        set_.construct()
        lightgbm_seconds = time.perf_counter() - started
        kinds = ["c" if is_category else "float" for is_category in case["categorical"]]
        started = time.perf_counter()
        matrix = xgboost.QuantileDMatrix(features, target, weight=weights, feature_types=kinds, enable_categorical=True, max_bin=255, nthread=order["threads"])
        xgboost_seconds = time.perf_counter() - started
        test = xgboost.DMatrix(sides["test"][0], feature_types=kinds, enable_categorical=True)
        print(json.dumps({"lightgbm": lightgbm_seconds, "xgboost": xgboost_seconds}), flush=True)
        continue
    cpu, started = time.process_time(), time.perf_counter()
    try:
        if order["do"] == "xgboost":
            model = xgboost.train(xgboost_parameters(case, order["threads"], order["least"]), matrix, case["rounds"])
        else:
            model = lightgbm.train(lightgbm_parameters(case, order["threads"], order["least"], order["do"] == "quantised"), set_, case["rounds"])
    except lightgbm.basic.LightGBMError as error:  # quantised gradients with bagging: "Check failed: right_count > 0"
        print(json.dumps({"failed": str(error)}), flush=True)
        continue
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    answers = model.predict(test) if order["do"] == "xgboost" else model.predict(sides["test"][0])
    print(json.dumps({"seconds": seconds, "cpu": cpu, "loss": loss(case, sides["test"][1], answers)}), flush=True)
