// A request of the Open Inference Protocol V2 as a command to copy, with the same example row as the form.
import type { ModelSignature } from '../../../src-shared/domain/features.ts';
import { exampleRow } from './rowForm.ts';

const datatypes = { float32: 'FP32', float64: 'FP64', int64: 'INT64', string: 'BYTES', uint8: 'UINT8', bool: 'BOOL' } as const;
const dayMs = 86_400_000;

/** Null where a tensor would be too long to type: images. */
export function v2Curl(v2Url: string, signature: ModelSignature): string | null {
  if (signature.inputs.some(({ onnxType }) => onnxType === 'uint8')) return null;
  const row = exampleRow(signature);
  const inputs = signature.inputs.map(({ name, onnxType, type }) => ({
    name,
    shape: [1, 1],
    datatype: datatypes[onnxType],
    data: [tensorValue(row[name] ?? null, onnxType, type)],
  }));
  const body = JSON.stringify({ inputs }).replaceAll("'", "'\\''");
  return `curl -s -H 'content-type: application/json' -d '${body}' '${v2Url}/infer'`;
}

const numpyTypes = { FP32: 'np.float32', FP64: 'np.float64', INT64: 'np.int64', BYTES: 'np.object_', UINT8: 'np.uint8', BOOL: 'np.bool_' };

/** The same row over gRPC with tritonclient for Python; null for images. */
export function grpcPython(address: string, endpoint: string, signature: ModelSignature): string | null {
  if (signature.inputs.some(({ onnxType }) => onnxType === 'uint8')) return null;
  const row = exampleRow(signature);
  const lines = signature.inputs.map(({ name, onnxType, type }) => {
    const datatype = datatypes[onnxType];
    const value = tensorValue(row[name] ?? null, onnxType, type);
    return `    (${JSON.stringify(name)}, "${datatype}", np.array([[${pythonValue(value)}]], ${numpyTypes[datatype]})),`;
  });
  return [
    'import numpy as np, tritonclient.grpc as grpc  # pip install tritonclient[grpc]',
    `client = grpc.InferenceServerClient(${JSON.stringify(address)})`,
    'inputs = []',
    'for name, datatype, values in [',
    ...lines,
    ']:',
    '    inputs.append(grpc.InferInput(name, [1, 1], datatype))',
    '    inputs[-1].set_data_from_numpy(values)',
    `answer = client.infer(${JSON.stringify(endpoint)}, inputs)`,
    'print(answer.as_numpy("prediction"))',
  ].join('\n');
}

function pythonValue(value: string | number | boolean | null): string {
  if (value === null) return 'np.nan';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}

/** Tensors hold plain numbers and text: dates as days since 1970, yes and no as 1 and 0, missing text as ''. */
function tensorValue(
  value: string | number | boolean | null,
  onnxType: ModelSignature['inputs'][number]['onnxType'],
  type: ModelSignature['inputs'][number]['type'],
): string | number | boolean | null {
  if (onnxType === 'string') return value === null ? '' : String(value);
  if (type === 'date' || type === 'timestamp') return value === null ? null : Math.floor(Date.parse(String(value)) / dayMs);
  if (onnxType !== 'bool' && typeof value === 'boolean') return value ? 1 : 0;
  return value;
}
