"""tritonclient against the server at argv[1] (HTTP) and argv[2] (gRPC). One JSON line a check."""

import json
import sys
import traceback

import numpy as np
import tritonclient.grpc as grpcclient
import tritonclient.http as httpclient
from tritonclient.utils import InferenceServerException, deserialize_bytes_tensor  # noqa: F401

http_address, grpc_address = sys.argv[1:3]
TEXTS = ["plain", "", "高级 𠮷", "a\nb"]
ROWS = len(TEXTS)


def report(check, ok, detail=""):
    print(json.dumps({"check": check, "ok": bool(ok), "detail": str(detail)[:500]}), flush=True)


def guarded(check, run):
    try:
        run()
    except Exception:  # a failed check is reported, and the others go on
        report(check, False, traceback.format_exc()[-500:])


def arrays():
    return {
        "f32": np.arange(ROWS, dtype=np.float32).reshape(ROWS, 1) + np.float32(0.1),
        "f64": np.linspace(-1e3, 1e3, ROWS).reshape(ROWS, 1),
        "i64": np.array([[-1], [0], [7], [2**40]], dtype=np.int64),
        "text": np.array([[t.encode()] for t in TEXTS], dtype=np.object_),
        "u8": np.array([[0, 255], [1, 2], [3, 4], [5, 6]], dtype=np.uint8),
        "flag": np.array([[True], [False], [True], [False]]),
    }


DATATYPES = {"f32": "FP32", "f64": "FP64", "i64": "INT64", "text": "BYTES", "u8": "UINT8", "flag": "BOOL"}


def expected(values):
    return (
        values["f32"].astype(np.float32)
        + values["f64"].astype(np.float32)
        + values["i64"].astype(np.float32)
        + values["u8"].astype(np.float32).sum(axis=1, keepdims=True)
        + values["flag"].astype(np.float32)
    )


def inputs_of(module, values, datatypes=DATATYPES, **options):
    inputs = []
    for name, array in values.items():
        tensor = module.InferInput(name, list(array.shape), datatypes[name])
        tensor.set_data_from_numpy(array, **options)
        inputs.append(tensor)
    return inputs


def check_answer(check, answer, values):
    np.testing.assert_allclose(answer.as_numpy("prediction"), expected(values), rtol=1e-6)
    texts = [t.decode() if isinstance(t, bytes) else t for t in answer.as_numpy("echo").reshape(-1)]
    assert texts == TEXTS, texts
    np.testing.assert_array_equal(answer.as_numpy("next"), values["i64"] + 1)
    np.testing.assert_array_equal(answer.as_numpy("unset").astype(bool), ~values["flag"])
    report(check, True)


def infer_checks(label, module, client):
    values = arrays()
    guarded(f"{label} infer, all types", lambda: check_answer(f"{label} infer, all types", client.infer("types", inputs_of(module, values), request_id="mine"), values))

    def with_version():
        answer = client.infer("types", inputs_of(module, values), model_version="3", request_id="id 7")
        got = answer.get_response()
        got_id = got["id"] if isinstance(got, dict) else got.id
        version = got["model_version"] if isinstance(got, dict) else got.model_version
        report(f"{label} version and id", got_id == "id 7" and version == "3", (got_id, version))

    guarded(f"{label} version and id", with_version)

    def chosen_outputs():
        answer = client.infer("types", inputs_of(module, values), outputs=[module.InferRequestedOutput("next")])
        report(f"{label} one output", answer.as_numpy("prediction") is None and answer.as_numpy("next") is not None)

    guarded(f"{label} one output", chosen_outputs)

    def half_precision():
        halves = {**values, "f32": values["f32"].astype(np.float16)}
        answer = client.infer("types", inputs_of(module, halves, {**DATATYPES, "f32": "FP16"}))
        np.testing.assert_allclose(answer.as_numpy("prediction"), expected(halves), rtol=1e-6)
        report(f"{label} FP16 input, widened exactly", True)

    guarded(f"{label} FP16 input, widened exactly", half_precision)

    def int32_input():
        narrow = {**values, "i64": np.array([[-5], [0], [7], [2**31 - 1]], dtype=np.int32)}
        answer = client.infer("types", inputs_of(module, narrow, {**DATATYPES, "i64": "INT32"}))
        np.testing.assert_array_equal(answer.as_numpy("next"), narrow["i64"].astype(np.int64) + 1)
        report(f"{label} INT32 input, widened exactly", True)

    guarded(f"{label} INT32 input, widened exactly", int32_input)

    def refused(check, run, words):
        try:
            run()
            report(check, False, "was answered")
        except InferenceServerException as error:
            text = f"{error.status()} {error.message()}"
            report(check, all(word in text for word in words), text)

    missing = {name: array for name, array in values.items() if name != "i64"}
    bad_text = {**values, "text": np.array([[b"\xff\xfe"]] * ROWS, dtype=np.object_)}
    grpc_words = label.startswith("gRPC")
    invalid = ["StatusCode.INVALID_ARGUMENT"] if grpc_words else ["400"]
    refused(f"{label} refuses a missing tensor", lambda: client.infer("types", inputs_of(module, missing)), invalid + ["i64"])
    refused(f"{label} refuses an unknown model", lambda: client.infer("nobody", inputs_of(module, values)), ["NOT_FOUND" if grpc_words else "404", "nobody"])
    refused(f"{label} refuses an unknown version", lambda: client.infer("types", inputs_of(module, values), model_version="9"), ["NOT_FOUND" if grpc_words else "404"])
    refused(f"{label} refuses bytes that are no text", lambda: client.infer("types", inputs_of(module, bad_text)), invalid + ["text"])
    refused(f"{label} refuses an unknown output", lambda: client.infer("types", inputs_of(module, values), outputs=[module.InferRequestedOutput("none")]), invalid + ["none"])
    refused(
        f"{label} refuses classification, which it has not",
        lambda: client.infer("types", inputs_of(module, values), outputs=[module.InferRequestedOutput("prediction", class_count=2)]),
        invalid + ["classification"],
    )


def common_checks(label, client, as_dict):
    guarded(f"{label} live, ready", lambda: report(f"{label} live, ready", client.is_server_live() and client.is_server_ready() and client.is_model_ready("types") and client.is_model_ready("types", "3")))
    guarded(f"{label} other version is not ready", lambda: report(f"{label} other version is not ready", not client.is_model_ready("types", "4")))

    def metadata():
        server = as_dict(client.get_server_metadata())
        model = as_dict(client.get_model_metadata("types"))
        config = as_dict(client.get_model_config("types"))
        config = config.get("config", config)
        datatypes = {each["name"]: each["datatype"] for each in model["inputs"]}
        ok = server["name"] == "modelkeep" and model["versions"] == ["3"] and datatypes == DATATYPES and [each["name"] for each in config["input"]] == list(DATATYPES)
        report(f"{label} metadata and configuration", ok, (server, model, config))

    guarded(f"{label} metadata and configuration", metadata)

    def statistics():
        def counts():
            stats = as_dict(client.get_inference_statistics("types"))["model_stats"][0]
            return int(stats.get("inference_count", 0)), int(stats["inference_stats"]["success"].get("count", 0)), int(stats["inference_stats"]["fail"].get("count", 0)), stats

        before = counts()
        values = arrays()
        module = httpclient if label == "HTTP" else grpcclient
        for _ in range(3):
            client.infer("types", inputs_of(module, values))
        try:
            client.infer("types", inputs_of(module, {"f32": values["f32"]}))
        except InferenceServerException:
            pass
        after = counts()
        difference = tuple(b - a for a, b in zip(before[:3], after[:3]))
        spent = after[3]["inference_stats"]["compute_infer"]
        batches = sum(int(each["compute_infer"]["count"]) for each in after[3]["batch_stats"])
        ok = difference == (3 * ROWS, 3, 1) and int(spent["ns"]) > 0 and batches == int(after[3]["execution_count"])
        report(f"{label} statistics count", ok, (difference, after[3]))
        every = as_dict(client.get_inference_statistics())["model_stats"]
        report(f"{label} statistics of all models", {each["name"] for each in every} == {"churn", "types"})

    guarded(f"{label} statistics count", statistics)

    def repository():
        def index():
            listed = as_dict(client.get_model_repository_index())
            return {each["name"]: each for each in (listed["models"] if isinstance(listed, dict) else listed)}

        before = index()
        client.unload_model("churn")
        stopped = index()
        ready_while_stopped = client.is_model_ready("churn") if label == "HTTP" else None
        client.load_model("churn")
        again = index()
        states = [each["churn"]["state"] for each in (before, stopped, again)]
        report(f"{label} repository index, unload, load", states == ["READY", "UNAVAILABLE", "READY"] and not ready_while_stopped, states)
        try:
            client.load_model("nobody")
            report(f"{label} load of an unknown model is refused", False)
        except InferenceServerException as error:
            report(f"{label} load of an unknown model is refused", "nobody" in error.message(), error)
        try:
            client.load_model("churn", config="{}")
            report(f"{label} load with another configuration is refused", False)
        except InferenceServerException as error:
            report(f"{label} load with another configuration is refused", "parameters" in error.message(), error)

    guarded(f"{label} repository index, unload, load", repository)


http = httpclient.InferenceServerClient(http_address)
infer_checks("HTTP binary", httpclient, http)
common_checks("HTTP", http, lambda value: value)


def http_json():
    values = arrays()
    values["i64"] = np.array([[-1], [0], [7], [2**40]], dtype=np.int64)
    outputs = [httpclient.InferRequestedOutput(name, binary_data=False) for name in ("prediction", "echo", "next", "unset")]
    answer = http.infer("types", inputs_of(httpclient, values, binary_data=False), outputs=outputs)
    check_answer("HTTP JSON infer, all types", answer, values)


guarded("HTTP JSON infer, all types", http_json)

grpc = grpcclient.InferenceServerClient(grpc_address)
infer_checks("gRPC", grpcclient, grpc)
common_checks("gRPC", grpc, lambda value: json.loads(json.dumps(__import__("google.protobuf.json_format", fromlist=["x"]).MessageToDict(value, preserving_proto_field_name=True))))


def compressed():
    values = arrays()
    check_answer("gRPC gzip", grpc.infer("types", inputs_of(grpcclient, values), compression_algorithm="gzip"), values)
    check_answer("gRPC deflate", grpc.infer("types", inputs_of(grpcclient, values), compression_algorithm="deflate"), values)


guarded("gRPC compression", compressed)


def typed_contents():
    from tritonclient.grpc import service_pb2, service_pb2_grpc
    import grpc as bare

    stub = service_pb2_grpc.GRPCInferenceServiceStub(bare.insecure_channel(grpc_address))
    values = arrays()
    field = {"f32": "fp32_contents", "f64": "fp64_contents", "i64": "int64_contents", "text": "bytes_contents", "u8": "uint_contents", "flag": "bool_contents"}
    request = service_pb2.ModelInferRequest(model_name="types", id="typed")
    for name, array in values.items():
        tensor = request.inputs.add(name=name, datatype=DATATYPES[name], shape=array.shape)
        getattr(tensor.contents, field[name]).extend(array.reshape(-1).tolist())
    response = stub.ModelInfer(request, timeout=5)
    got = {each.name: each.contents for each in response.outputs}
    np.testing.assert_allclose(np.array(got["prediction"].fp32_contents, dtype=np.float32).reshape(ROWS, 1), expected(values), rtol=1e-6)
    assert [t.decode() for t in got["echo"].bytes_contents] == TEXTS
    assert list(got["next"].int64_contents) == (values["i64"].reshape(-1) + 1).tolist()
    assert list(got["unset"].bool_contents) == (~values["flag"].reshape(-1)).tolist()
    report("gRPC typed contents, all types", len(response.raw_output_contents) == 0)

    request.inputs[0].contents.fp32_contents[1] = float("inf")
    try:
        stub.ModelInfer(request)
        report("gRPC error details", False, "was answered")
    except bare.RpcError as error:
        details = dict(error.trailing_metadata()).get("grpc-status-details-bin", b"")
        report("gRPC error details", error.code() == bare.StatusCode.INVALID_ARGUMENT and b"f32[1]" in details and b"google.rpc.BadRequest" in details, details)


guarded("gRPC typed contents", typed_contents)


def deadline():
    try:
        grpc.infer("types", inputs_of(grpcclient, arrays()), client_timeout=1e-6)
        report("gRPC deadline", False, "was answered")
    except InferenceServerException as error:
        report("gRPC deadline", "DEADLINE_EXCEEDED" in str(error.status()), error)


guarded("gRPC deadline", deadline)
