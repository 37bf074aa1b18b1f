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
