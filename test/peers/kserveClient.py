"""KServe's InferenceRESTClient and InferenceGRPCClient against the server at argv[1] (HTTP) and argv[2] (gRPC). One JSON line a check."""

import asyncio
import json
import sys
import traceback

import numpy as np
from kserve import InferInput, InferRequest, InferenceGRPCClient, InferenceRESTClient, RESTConfig

http_address, grpc_address = sys.argv[1:3]


def report(check, ok, detail=""):
    print(json.dumps({"check": check, "ok": bool(ok), "detail": str(detail)[:500]}), flush=True)


def tensors():
    values = {
        "tenure": ("FP32", np.array([[7], [60]], dtype=np.float32)),
        "plan": ("BYTES", np.array([["basic"], ["高级"]], dtype=np.object_)),
        "active": ("FP32", np.array([[0], [1]], dtype=np.float32)),
    }
    inputs = []
    for name, (datatype, array) in values.items():
        tensor = InferInput(name=name, shape=list(array.shape), datatype=datatype)
        tensor.set_data_from_numpy(array, binary_data=binary)
        inputs.append(tensor)
    return inputs


def answers(response):
    texts = response.outputs[[each.name for each in response.outputs].index("prediction")].as_numpy().reshape(-1)
    return [text.decode() if isinstance(text, bytes) else text for text in texts]


async def check(name, run):
    try:
        ok, detail = await run()
        report(name, ok, detail)
    except Exception:
        report(name, False, traceback.format_exc()[-500:])


async def main():
    global binary
    rest = InferenceRESTClient(RESTConfig(protocol="v2"))
    url = f"http://{http_address}"
    grpc = InferenceGRPCClient(grpc_address, timeout=10)

    async def rest_health():
        return await rest.is_server_live(url) and await rest.is_server_ready(url) and await rest.is_model_ready(url, "churn"), ""

    async def rest_infer():
        response = await rest.infer(url, InferRequest(model_name="churn", infer_inputs=tensors(), request_id="k1"), model_name="churn")
        return answers(response) == ["no", "yes"] and response.id == "k1", answers(response)

    async def grpc_health():
        return await grpc.is_server_live() and await grpc.is_server_ready() and await grpc.is_model_ready("churn"), ""

    async def grpc_infer():
        response = await grpc.infer(InferRequest(model_name="churn", infer_inputs=tensors(), request_id="k2"))
        return answers(response) == ["no", "yes"] and response.id == "k2", answers(response)

    await check("REST health", rest_health)
    await check("gRPC health", grpc_health)
    for binary in (False, True):
        form = "binary" if binary else "plain"
        await check(f"REST infer, {form}", rest_infer)
        await check(f"gRPC infer, {form}", grpc_infer)


binary = False
asyncio.run(main())
