// gRPC messages as the JSON that the REST form of the same protocol would have been, so that readers meet one shape.
import { readInferMessage, readInferAnswer, type TensorMessage } from '../grpc/inferMessage.ts';
import { bytesElements, countElements, numberElements } from '../grpc/typedContents.ts';
import { isDatatype } from '../protocol/datatypes.ts';
import { jsonElements, jsonInteger } from './decodeBinaryBody.ts';

/** Elements that are kept of a refused request: what was wrong with it may have been their number. */
const maxElements = 1_000_000;

/** Throws when it is none. */
export function decodeInferRequest(bytes: Buffer): unknown {
  const { id, inputs, rawContents } = readInferMessage(bytes);
  return { ...(id === '' ? {} : { id }), inputs: inputs.map((tensor, at) => tensorJson(tensor, rawContents[at] ?? null)) };
}

/** Throws when it is none. */
export function decodeInferResponse(bytes: Buffer): unknown {
  const { modelName, modelVersion, id, tensors, rawContents } = readInferAnswer(bytes);
  const outputs = tensors.map((tensor, at) => tensorJson(tensor, rawContents[at] ?? null));
  return { model_name: modelName, model_version: modelVersion, id, outputs };
}

function tensorJson({ name, datatype, shape, contents }: TensorMessage, raw: Buffer | null): object {
  return { name, shape, datatype, data: dataOf(datatype, contents, raw) };
}

function dataOf(datatype: string, contents: TensorMessage['contents'], raw: Buffer | null): unknown[] {
  if (!isDatatype(datatype)) throw new TypeError('unknown datatype');
  if (raw) return jsonElements(datatype, raw);
  if (!contents) return [];
  const again = (): NonNullable<TensorMessage['contents']> => contents.again();
  const count = countElements(datatype, again);
  if (typeof count !== 'number' || count > maxElements) throw new TypeError('other contents than its datatype says');
  if (datatype === 'BYTES') return Array.from(bytesElements(again), (bytes) => bytes.toString('utf8'));
  const read = numberElements(datatype, count, again);
  if (!('numbers' in read)) throw new TypeError('elements beyond its datatype');
  const { numbers } = read;
  if (datatype === 'BOOL') return Array.from(numbers as Uint8Array, Boolean);
  return Array.from(numbers as Iterable<number | bigint>, (value) => (typeof value === 'bigint' ? jsonInteger(value) : value));
}
