// A ModelInferRequest against the model's signature.
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { readBinaryTensor, textOfBytes } from '../protocol/binaryTensors.ts';
import type { ColumnData, InputPlan, PlannedInput } from '../protocol/inputPlan.ts';
import type { Datatype } from '../protocol/datatypes.ts';
import { tensorError } from '../protocol/tensorError.ts';
import { assembleTensors, refuseParameter, requestId, requireOutput, type SentTensor } from '../protocol/v2Tensors.ts';
import type { V2Request } from '../protocol/v2Request.ts';
import { widen } from '../protocol/widen.ts';
import { readInferMessage, type InferMessage, type TensorMessage } from './inferMessage.ts';
import { bytesElements, countElements, numberElements, type Problem } from './typedContents.ts';

/** Errors: MK_SERVE_NOT_PROTOBUF and those of `assembleTensors`; each names the tensor and, where there is one, the row. */
export function parseInferRequest(plan: InputPlan, outputNames: readonly string[], body: Buffer, maxRows: number): V2Request {
  const message = readInferMessage(body);
  const { inputs, rawContents } = message;
  const raw = rawContents.length > 0;
  if (raw && rawContents.length !== inputs.length)
    throw tensorError('raw_input_contents', `${inputs.length} elements, one for each input, or none`, `${rawContents.length} elements`);
  const assembled = assembleTensors(
    plan,
    inputs.map((tensor, at) => sentTensor(tensor, rawContents[at] ?? null)),
    maxRows,
  );
  const binary = message.binaryDataOutput ?? raw;
  return { ...assembled, id: requestId(message.id), outputs: wantedOutputs(message, outputNames, binary) };
}

function sentTensor({ name, shape, datatype, parameters, contents }: TensorMessage, raw: Buffer | null): SentTensor {
  refuseParameter(name, parameters);
  return {
    name,
    shape,
    datatype,
    read: (planned, accepted, count, perRow) => {
      if (raw) {
        if (contents && contents.next()) throw tensorError(name, 'either contents or raw_input_contents', 'both');
        return readBinaryTensor(planned, accepted, raw, count, perRow);
      }
      if (!contents) throw tensorError(name, 'contents, or raw_input_contents', 'neither');
      return readTyped(planned, accepted, count, perRow, () => contents.again());
    },
  };
}

function readTyped(
  planned: PlannedInput,
  datatype: Datatype,
  count: number,
  perRow: number,
  contents: Parameters<typeof countElements>[1],
): ColumnData {
  const field = planned.input.name;
  const refuse = ({ expected, found, at }: Problem): ModelkeepError =>
    tensorError(field, expected, found, at === undefined ? undefined : Math.floor(at / perRow));
  // Counted before anything is reserved: a shape may promise more than was sent, and many empty elements take little room on the way.
  const counted = countElements(datatype, contents);
  if (typeof counted !== 'number') throw refuse(counted);
  if (counted !== count) throw tensorError(field, `${count} elements, as its shape says`, `${counted} elements`);
  if (datatype === 'BYTES') return Array.from(bytesElements(contents), (bytes, at) => textOfBytes(field, bytes, Math.floor(at / perRow)));
  const read = numberElements(datatype, count, contents);
  if (!('numbers' in read)) throw refuse(read);
  return widen(planned, read.numbers, perRow);
}

function wantedOutputs({ outputs }: InferMessage, known: readonly string[], binary: boolean): V2Request['outputs'] {
  if (outputs.length === 0) return known.map((name) => ({ name, binary }));
  const seen = new Set<string>();
  return outputs.map(({ name, parameters }) => {
    requireOutput(name, known, seen);
    refuseParameter(name, parameters);
    return { name, binary };
  });
}
