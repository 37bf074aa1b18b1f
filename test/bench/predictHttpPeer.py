"""MLServer runtime that answers with an ONNX model, as its users write one: the counterpart in the benchmark predict-http."""
import numpy as np
import onnxruntime as ort
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class OnnxModel(MLModel):
    async def load(self) -> bool:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        self._session = ort.InferenceSession(self.settings.parameters.uri, options, providers=["CPUExecutionProvider"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        feeds = {}
        for tensor in payload.inputs:
            if tensor.datatype == "BYTES":
                feeds[tensor.name] = np.array(StringCodec.decode_input(tensor), dtype=object).reshape(tensor.shape)
            else:
                feeds[tensor.name] = NumpyCodec.decode_input(tensor)
        prediction, probabilities = self._session.run(["prediction", "probabilities"], feeds)
        return InferenceResponse(
            model_name=self.name,
            outputs=[
                StringCodec.encode_output("prediction", prediction.tolist()),
                NumpyCodec.encode_output("probabilities", probabilities),
            ],
        )
