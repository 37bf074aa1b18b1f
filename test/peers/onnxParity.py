"""Runs exported models in a bare onnxruntime: raw columns in, answers out, compared with what the product answered.

One JSON line a case on stdin: {name, model, columns, expected, dataset, ...}; one JSON line a case on stdout. The columns are read here,
from the very files that were imported, by Python's own csv and datetime: nothing of the product's reading is trusted.
Needs onnxruntime and numpy, nothing else.
"""
import csv, datetime, glob, json, os, sys
import numpy as np
import onnxruntime as ort

EPOCH = datetime.datetime(1970, 1, 1)


def days(text):
    if text == "":
        return float("nan")
    for form in ("%Y-%m-%d", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S"):
        try:
            return (datetime.datetime.strptime(text, form) - EPOCH).total_seconds() / 86400
        except ValueError:
            pass
    raise ValueError(text)


def read_csv(case):
    with open(case["data"], newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, delimiter=case.get("delimiter", ",")))
    missing = set(case.get("missing", [""]))
    return {name: ["" if row[name] in missing else row[name] for row in rows] for name in rows[0]}


def read_texts(case):
    texts = []
    for path in case["files"]:
        with open(os.path.join(case["data"], path), encoding="utf-8") as file:
            texts.append(file.read())
    return {"text": texts}


def feed(entry, column):
    """One model input by its description in the model's own metadata."""
    kind = entry["onnxType"]
    if kind == "float32":
        return np.array([[float(cell) if cell != "" else np.nan] for cell in column], dtype=np.float32)
    if kind == "float64":
        return np.array([[days(cell)] for cell in column], dtype=np.float64)
    if kind == "string":
        return np.array([[cell] for cell in column], dtype=object)
    raise ValueError(kind)


def answer(case):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(case["model"], options, providers=["CPUExecutionProvider"])
    signature = json.loads(session.get_modelmeta().custom_metadata_map["modelkeep.signature"])
    if case["reader"] == "pixels":
        count = len(case["expected"]["prediction"])
        raw = np.fromfile(case["data"], dtype=np.uint8)
        feeds = {entry["name"]: raw.reshape([count, *entry["shape"]]) for entry in signature["inputs"]}
    else:
        columns = read_csv(case) if case["reader"] == "csv" else read_texts(case)
        feeds = {entry["name"]: feed(entry, columns[entry["name"]]) for entry in signature["inputs"]}
    count = len(next(iter(feeds.values())))
    outputs = {}
    for start in range(0, count, 500):  # another batch size than the product's
        part = session.run(None, {name: value[start : start + 500] for name, value in feeds.items()})
        for spec, value in zip(session.get_outputs(), part):
            outputs.setdefault(spec.name, []).append(value)
    outputs = {name: np.concatenate(parts) for name, parts in outputs.items()}
    expected = case["expected"]
    if "probabilities" in outputs:
        theirs = np.array(expected["probabilities"], dtype=np.float64).reshape(outputs["probabilities"].shape)
        difference = float(np.abs(outputs["probabilities"].astype(np.float64) - theirs).max())
        changed = int((outputs["prediction"].astype(str) != np.array(expected["prediction"], dtype=str)).sum())
    else:
        theirs = np.array(expected["prediction"], dtype=np.float64).reshape(-1)
        ours = outputs["prediction"].astype(np.float64).reshape(-1)
        difference = float(np.abs(ours - theirs).max() / theirs.std())
        changed = 0
    return {"name": case["name"], "rows": count, "difference": difference, "changed": changed}


print(json.dumps({"version": ort.__version__, "numpy": np.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
