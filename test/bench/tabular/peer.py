# One JSON line a fit: {"file", "model", "settings"} in, {"loss", "error", "seconds", "cpu"} out; rows and parts are in the file.
import contextlib, json, math, os, sys, time

import numpy as np
import pandas as pd
import pytabkit
import torch
from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor, RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor
from pytabkit import TabM_D_Classifier, TabM_D_Regressor

torch.set_num_threads(1)
MODELS = {
    "RealMLP-TD-S": (RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor),
    "RealMLP-TD": (RealMLP_TD_Classifier, RealMLP_TD_Regressor),
    "TabM": (TabM_D_Classifier, TabM_D_Regressor),
}


def fit(order):
    with open(order["file"]) as file:
        table = json.load(file)
    frame = pd.DataFrame(
        {
            each["name"]: pd.Series([str(cell) for cell in each["cells"]], dtype="category")
            if each["categorical"]
            else pd.Series(each["cells"], dtype="float64")
            for each in table["columns"]
        }
    )
    for name in frame.columns:
        if frame[name].isna().any():
            train = frame[name].iloc[table["parts"]["train"]]
            frame[name + " missing"] = frame[name].isna().astype("float64")
            frame[name] = frame[name].fillna(train.median())
    y = np.array(table["answers"], dtype="float64" if table["regression"] else "int64")
    part = lambda name: (frame.iloc[table["parts"][name]].reset_index(drop=True), y[table["parts"][name]])
    (x_train, y_train), (x_val, y_val), (x_test, y_test) = part("train"), part("validation"), part("test")
    model = MODELS[order["model"]][1 if table["regression"] else 0](
        device="cpu", random_state=order["seed"], n_threads=1, verbosity=0, **order["settings"]
    )
    start, cpu = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(sys.stderr):
        model.fit(x_train, y_train, X_val=x_val, y_val=y_val)
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    if table["regression"]:
        loss = float(np.mean((np.asarray(model.predict(x_test)).ravel() - y_test) ** 2))
        error = math.sqrt(loss)
    else:
        p = np.asarray(model.predict_proba(x_test), dtype="float64")
        loss = float(-np.mean(np.log(np.clip(p[np.arange(len(y_test)), y_test], 1e-15, 1))))
        error = float(np.mean(p.argmax(1) != y_test))
    return {"loss": loss, "error": error, "seconds": seconds, "cpu": used}


answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
print(json.dumps({"pytabkit": getattr(pytabkit, "__version__", ""), "torch": torch.__version__}), file=answers, flush=True)
for line in sys.stdin:
    print(json.dumps(fit(json.loads(line))), file=answers, flush=True)
