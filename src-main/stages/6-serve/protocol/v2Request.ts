// Reads an inference request of the Open Inference Protocol V2, JSON tensors or the binary tensor extension
// (https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md).
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { readBinaryTensor } from './binaryTensors.ts';
import { describeFound } from './describeFound.ts';
import type { InputColumn, InputPlan } from './inputPlan.ts';
import { findDuplicateKey, parseJson } from './jsonScan.ts';
import { readJsonTensor } from './jsonTensors.ts';
import { tensorError } from './tensorError.ts';
import { assembleTensors, refuseParameter, requestId, requireOutput, type SentTensor } from './v2Tensors.ts';

export interface V2Request {
  rows: number;
  columns: InputColumn[];
  /** The caller's own id, echoed. */
  id: string | null;
  /** What to answer with; all of the model's outputs when the request names none. */
  outputs: { name: string; binary: boolean }[];
}

type Fields = Record<string, unknown>;

/** `jsonBytes`: where the JSON ends and the binary tensors begin; null when there are none.
 *  Errors: MK_SERVE_NOT_JSON, …_TOO_DEEP, …_DUPLICATE_KEY, …_BODY_SHAPE, …_NOT_FINITE and those of `assembleTensors`; each names the tensor
 *  and, where there is one, the row. */
export function parseV2Request(
  plan: InputPlan,
  outputNames: readonly string[],
  body: Buffer,
  jsonBytes: number | null,
  maxRows: number,
): V2Request {
  if (jsonBytes !== null && jsonBytes > body.length)
    throw tensorError('Inference-Header-Content-Length', `at most ${body.length}, the bytes of the body`, String(jsonBytes));
  const { value, keys, text } = parseJson(jsonBytes === null ? body : body.subarray(0, jsonBytes));
  const expected = '{"inputs":[{name, shape, datatype, data}, …]}';
  if (!isFields(value)) throw new ModelkeepError('MK_SERVE_BODY_SHAPE', { expected, found: describeFound(value) });
  if (!Array.isArray(value['inputs']))
    throw new ModelkeepError('MK_SERVE_BODY_SHAPE', { field: 'inputs', expected, found: `${describeFound(value['inputs'])} as "inputs"` });
  if (countKeys(value) !== keys) {
    const duplicate = findDuplicateKey(text);
    if (duplicate) throw new ModelkeepError('MK_SERVE_DUPLICATE_KEY', { row: duplicate.row, field: duplicate.key });
  }

  const binary = new BinaryPart(jsonBytes === null ? null : body.subarray(jsonBytes));
  const assembled = assembleTensors(plan, sentTensors(value['inputs'], binary), maxRows);
  binary.requireEnd();
  return { ...assembled, id: requestId(value['id']), outputs: readOutputs(value, outputNames) };
}

function* sentTensors(inputs: readonly unknown[], binary: BinaryPart): Generator<SentTensor> {
  for (const tensor of inputs) {
    if (!isFields(tensor) || typeof tensor['name'] !== 'string')
      throw tensorError('inputs', 'tensors {name, shape, datatype, data}', describeFound(tensor));
    const { name, shape, datatype, data } = tensor as Fields & { name: string };
    const parameters = isFields(tensor['parameters']) ? tensor['parameters'] : {};
    refuseParameter(name, Object.keys(parameters));
    yield {
      name,
      shape,
      datatype,
      read: (planned, accepted, count, perRow) => {
        if (Object.hasOwn(parameters, 'binary_data_size')) {
          if (data !== undefined) throw tensorError(name, 'either data or binary_data_size', 'both');
          return readBinaryTensor(planned, accepted, binary.take(name, parameters['binary_data_size']), count, perRow);
        }
        if (!Array.isArray(data)) throw tensorError(name, 'an array as data', describeFound(data));
        return readJsonTensor(planned, accepted, data, count, perRow);
      },
    };
  }
}

/** Walks the bytes after the JSON, one tensor after another. */
class BinaryPart {
  readonly #bytes: Buffer | null;
  #offset = 0;
  constructor(bytes: Buffer | null) {
    this.#bytes = bytes;
  }
  take(field: string, size: unknown): Buffer {
    if (this.#bytes === null) throw tensorError(field, 'the header Inference-Header-Content-Length', 'binary_data_size without it');
    const left = this.#bytes.length - this.#offset;
    if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > left)
      throw tensorError(field, `a binary_data_size of at most ${left}, the bytes left in the body`, describeFound(size));
    this.#offset += size as number;
    return this.#bytes.subarray(this.#offset - (size as number), this.#offset);
  }
  requireEnd(): void {
    const left = (this.#bytes?.length ?? 0) - this.#offset;
    if (left > 0) throw tensorError('inputs', 'binary tensors that fill the body', `${left} bytes that belong to none`);
  }
}

function readOutputs(request: Fields, known: readonly string[]): V2Request['outputs'] {
  const parameters = isFields(request['parameters']) ? request['parameters'] : {};
  const allBinary = parameters['binary_data_output'] === true;
  const { outputs } = request;
  if (outputs === undefined || (Array.isArray(outputs) && outputs.length === 0)) return known.map((name) => ({ name, binary: allBinary }));
  if (!Array.isArray(outputs)) throw tensorError('outputs', 'an array', describeFound(outputs));
  const seen = new Set<string>();
  return outputs.map((output: unknown) => {
    if (!isFields(output) || typeof output['name'] !== 'string') throw tensorError('outputs', 'objects with a name', describeFound(output));
    const { name } = output;
    requireOutput(name, known, seen);
    const own = isFields(output['parameters']) ? output['parameters'] : {};
    refuseParameter(name, Object.keys(own));
    return { name, binary: own['binary_data'] === undefined ? allBinary : own['binary_data'] === true };
  });
}

/** Keys of all objects in the value; `data` holds none in a good request and may be long. */
function countKeys(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + countKeys(each), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [key, each]) => sum + 1 + (key === 'data' ? 0 : countKeys(each)), 0);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
