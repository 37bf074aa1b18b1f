// The front and the lists of a ModelInferRequest; the elements of its tensors are left where they are.
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { ProtobufReader, wireTypes } from './protobufReader.ts';

export interface InferTarget {
  modelName: string;
  modelVersion: string;
  id: string;
}

export interface TensorMessage {
  name: string;
  datatype: string;
  shape: number[];
  parameters: string[];
  /** Its InferTensorContents, unread; null when there are none. */
  contents: ProtobufReader | null;
}

export interface InferMessage extends InferTarget {
  inputs: TensorMessage[];
  outputs: { name: string; parameters: string[] }[];
  rawContents: Buffer[];
  /** The request's parameter of that name; null when it is not there. */
  binaryDataOutput: boolean | null;
}

/** Fields of the request itself, tensors and raw contents included. A model has far fewer inputs. */
const maxFields = 10_000;
const maxParameters = 100;
const maxDims = 16;
const maxNameCharacters = 4096;

/** Where the request goes; of several values the last counts, as for every parser. Read by the gateway, which looks at nothing else. Error: MK_SERVE_NOT_PROTOBUF. */
export function readTarget(bytes: Buffer): InferTarget {
  const target: InferTarget = { modelName: '', modelVersion: '', id: '' };
  try {
    eachField(new ProtobufReader(bytes), (reader) => {
      if (!readTargetField(reader, target)) reader.skip();
    });
  } catch (error) {
    // Damaged further on: the model that was asked says so, and the refusal is stored with its requests.
    if (target.modelName === '') throw error;
  }
  return target;
}

/** Errors: MK_SERVE_NOT_PROTOBUF, also for more fields, parameters or dimensions than any request needs. */
export function readInferMessage(bytes: Buffer): InferMessage {
  const message: InferMessage = {
    modelName: '',
    modelVersion: '',
    id: '',
    inputs: [],
    outputs: [],
    rawContents: [],
    binaryDataOutput: null,
  };
  eachField(new ProtobufReader(bytes), (reader) => {
    if (readTargetField(reader, message)) return;
    switch (reader.field) {
      case 4: {
        const { key, bool } = readParameter(reader.message());
        if (key === 'binary_data_output') message.binaryDataOutput = bool;
        break;
      }
      case 5:
        message.inputs.push(readTensor(reader.message()));
        break;
      case 6:
        message.outputs.push(readRequestedOutput(reader.message()));
        break;
      case 7:
        message.rawContents.push(reader.bytes());
        break;
      default:
        reader.skip();
    }
  });
  return message;
}

export interface InferAnswerMessage extends InferTarget {
  tensors: TensorMessage[];
  rawContents: Buffer[];
}

/** A ModelInferResponse, for what reads stored answers. Error: MK_SERVE_NOT_PROTOBUF. */
export function readInferAnswer(bytes: Buffer): InferAnswerMessage {
  const answer: InferAnswerMessage = { modelName: '', modelVersion: '', id: '', tensors: [], rawContents: [] };
  eachField(new ProtobufReader(bytes), (reader) => {
    if (readTargetField(reader, answer)) return;
    if (reader.field === 5) answer.tensors.push(readTensor(reader.message()));
    else if (reader.field === 6) answer.rawContents.push(reader.bytes());
    else reader.skip();
  });
  return answer;
}

function readTargetField(reader: ProtobufReader, target: InferTarget): boolean {
  switch (reader.field) {
    case 1:
      target.modelName = shortText(reader);
      return true;
    case 2:
      target.modelVersion = shortText(reader);
      return true;
    case 3:
      target.id = shortText(reader);
      return true;
    default:
      return false;
  }
}

/** An input of a request or an output of an answer: they have the same fields. */
function readTensor(reader: ProtobufReader): TensorMessage {
  const tensor: TensorMessage = { name: '', datatype: '', shape: [], parameters: [], contents: null };
  eachField(reader, () => {
    switch (reader.field) {
      case 1:
        tensor.name = shortText(reader);
        break;
      case 2:
        tensor.datatype = shortText(reader);
        break;
      case 3:
        readDims(reader, tensor.shape);
        break;
      case 4:
        addParameter(reader, tensor.parameters);
        break;
      case 5:
        if (tensor.contents) throw reader.error(`the tensor “${tensor.name.slice(0, 80)}” has contents twice`);
        tensor.contents = reader.message();
        break;
      default:
        reader.skip();
    }
  });
  return tensor;
}

function readRequestedOutput(reader: ProtobufReader): { name: string; parameters: string[] } {
  const output = { name: '', parameters: [] as string[] };
  eachField(reader, () => {
    if (reader.field === 1) output.name = shortText(reader);
    else if (reader.field === 2) addParameter(reader, output.parameters);
    else reader.skip();
  });
  return output;
}

function addParameter(reader: ProtobufReader, parameters: string[]): void {
  if (parameters.length >= maxParameters) throw reader.error(`a tensor has more than ${maxParameters} parameters`);
  parameters.push(readParameter(reader.message()).key);
}

function readParameter(entry: ProtobufReader): { key: string; bool: boolean | null } {
  let key = '';
  let bool: boolean | null = null;
  eachField(entry, () => {
    if (entry.field === 1) key = shortText(entry);
    else if (entry.field === 2) {
      const value = entry.message();
      eachField(value, () => {
        if (value.field === 1) bool = value.bool();
        else value.skip();
      });
    } else entry.skip();
  });
  return { key, bool };
}

/** Packed or one by one. */
function readDims(reader: ProtobufReader, shape: number[]): void {
  const add = (value: bigint): void => {
    if (shape.length >= maxDims) throw reader.error(`a shape has more than ${maxDims} dimensions`);
    shape.push(Number(BigInt.asIntN(64, value)));
  };
  if (reader.wireType === wireTypes.varint) return add(reader.varint());
  const packed = reader.message();
  while (!packed.atEnd) add(packed.rawVarint());
}

function eachField(reader: ProtobufReader, read: (reader: ProtobufReader) => void): void {
  for (let fields = 0; reader.next(); fields++) {
    if (fields >= maxFields) throw reader.error(`a message has more than ${maxFields} fields`);
    read(reader);
  }
}

function shortText(reader: ProtobufReader): string {
  const text = reader.string();
  if (text.length > maxNameCharacters)
    throw new ModelkeepError('MK_SERVE_NOT_PROTOBUF', { problem: `a name is longer than ${maxNameCharacters} characters`, position: 0 });
  return text;
}
