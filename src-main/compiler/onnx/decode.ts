import { fromBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { inlineFunctions } from './inlineFunctions.ts';
import { dataTypeCodes, type Attribute, type DataType, type Graph, type GraphNode, type TensorData, type Value } from './graph.ts';

export interface Model {
  graph: Graph;
  inputs: readonly Value[];
  outputs: readonly Value[];
  metadata: Readonly<Record<string, string>>;
  producer: string;
  producerVersion: string;
  opsets: Readonly<Record<string, number>>;
  irVersion: number;
}

/** Reads the part of another file, beside the model's, that holds a tensor; `lengthBytes` undefined: to its end. */
export type ExternalDataLoader = (file: string, offsetBytes: number, lengthBytes: number | undefined) => Uint8Array;

export interface ReadOptions {
  /** Without it a model with external data is refused. The file name is the model's word: the loader must keep to its folder. */
  readonly externalData?: ExternalDataLoader;
}

/**
 * Reads an .onnx file. `inputs` leaves out names that are initializers (old files list both). Functions of the model's own
 * are inlined.
 *
 * Throws MK_COMPILER_MODEL_UNREADABLE when the bytes are no ONNX model or use what this compiler does not carry
 * (external data without a loader, sparse tensors, sequence or map types).
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): Model {
  return readable(() => decodeModel(fromBinary(onnx.ModelProtoSchema, bytes as Uint8Array<ArrayBuffer>), options));
}

/** Reads one serialized TensorProto, such as the .pb files of ONNX's own tests. Errors as `readModel`. */
export function readTensor(bytes: Uint8Array): { name: string; tensor: TensorData } {
  return readable(() => {
    const tensor = fromBinary(onnx.TensorProtoSchema, bytes as Uint8Array<ArrayBuffer>);
    return { name: tensor.name, tensor: decodeTensor(tensor, {}) };
  });
}

function readable<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new ModelkeepError('MK_COMPILER_MODEL_UNREADABLE', { reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
}

function decodeModel(model: onnx.ModelProto, options: ReadOptions): Model {
  if (!model.graph) throw new Error('it holds no graph.');
  const graph = decodeGraph(inlineFunctions(model), options, decodeValue);
  return {
    graph,
    inputs: graph.inputs,
    outputs: graph.outputs,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    producer: model.producerName,
    producerVersion: model.producerVersion,
    opsets: Object.fromEntries(model.opsetImport.map(({ domain, version }) => [plainDomain(domain), Number(version)])),
    irVersion: Number(model.irVersion),
  };
}

function decodeGraph(graph: onnx.GraphProto, options: ReadOptions, decode: (info: onnx.ValueInfoProto) => Value): Graph {
  const [sparse] = graph.sparseInitializer;
  if (sparse) throw new Error(`The initializer "${sparse.values?.name ?? ''}" of graph "${graph.name}" is sparse.`);
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name, decodeTensor(tensor, options)]));
  return {
    name: graph.name,
    inputs: graph.input.filter(({ name }) => !initializers.has(name)).map(decode),
    outputs: graph.output.map(decode),
    nodes: graph.node.map((node) => decodeNode(node, options)),
    initializers,
  };
}

function decodeNode(node: onnx.NodeProto, options: ReadOptions): GraphNode {
  return {
    opType: node.opType,
    domain: plainDomain(node.domain),
    name: node.name,
    inputs: node.input,
    outputs: node.output,
    attributes: Object.fromEntries(node.attribute.map((attribute) => [attribute.name, decodeAttribute(attribute, options)])),
  };
}

function decodeAttribute(attribute: onnx.AttributeProto, options: ReadOptions): Attribute {
  const types = onnx.AttributeProto_AttributeType;
  switch (attribute.type) {
    case types.INT:
      return { kind: 'int', value: Number(attribute.i) };
    case types.FLOAT:
      return { kind: 'float', value: attribute.f };
    case types.STRING:
      return { kind: 'string', value: text(attribute.s) };
    case types.TENSOR:
      return { kind: 'tensor', value: decodeTensor(attribute.t!, options) };
    case types.GRAPH:
      return { kind: 'graph', value: decodeGraph(attribute.g!, options, decodeInnerValue) };
    case types.INTS:
      return { kind: 'ints', value: attribute.ints.map(Number) };
    case types.FLOATS:
      return { kind: 'floats', value: attribute.floats };
    case types.STRINGS:
      return { kind: 'strings', value: attribute.strings.map(text) };
    default:
      throw new Error(`Attribute "${attribute.name}" has the unsupported type ${types[attribute.type] ?? attribute.type}.`);
  }
}

function decodeTensor(tensor: onnx.TensorProto, options: ReadOptions): TensorData {
  const dtype = dataTypeOf(tensor.dataType, tensor.name);
  const shape = tensor.dims.map(Number);
  if (dtype === 'string') return { dtype, shape, data: tensor.stringData.map(text) };
  const isExternal = tensor.dataLocation === onnx.TensorProto_DataLocation.EXTERNAL;
  const raw = isExternal ? externalBytes(tensor, options) : tensor.rawData;
  const make = elementArrays[dtype];
  if (raw.length > 0) {
    // Bytes inside a message lie at any offset; a typed array needs its own alignment, hence the copy (a Buffer's slice is none).
    const copy = new Uint8Array(raw);
    const data = new make(copy.buffer, 0, copy.byteLength / make.BYTES_PER_ELEMENT);
    return checkedSize(tensor.name, { dtype, shape, data } as TensorData);
  }
  const typed: Partial<Record<DataType, readonly (number | bigint)[]>> = {
    float32: tensor.floatData,
    float64: tensor.doubleData,
    int64: tensor.int64Data,
    uint64: tensor.uint64Data,
    uint32: tensor.uint64Data.map(Number),
  };
  const elements = typed[dtype] ?? tensor.int32Data;
  const data = (make as unknown as { from(source: Iterable<unknown>): unknown }).from(elements);
  return checkedSize(tensor.name, { dtype, shape, data } as TensorData);
}

/** Where the tensor lies is told by the keys of https://github.com/onnx/onnx/blob/main/docs/ExternalData.md */
function externalBytes(tensor: onnx.TensorProto, { externalData }: ReadOptions): Uint8Array {
  const keys = Object.fromEntries(tensor.externalData.map(({ key, value }) => [key, value]));
  const { location, offset = '0', length } = keys;
  if (!externalData || location === undefined) throw new Error(`Tensor "${tensor.name}" lies in another file (${location ?? 'no name'}).`);
  return externalData(location, Number(offset), length === undefined ? undefined : Number(length));
}

function checkedSize(name: string, tensor: TensorData): TensorData {
  const expected = tensor.shape.reduce((product, dim) => product * dim, 1);
  if (tensor.data.length !== expected)
    throw new Error(`Tensor "${name}" has ${tensor.data.length} elements, [${tensor.shape.join(', ')}] needs ${expected}.`);
  return tensor;
}

/** 'ai.onnx' is another spelling of ''. */
function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

const elementArrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Inside subgraphs types follow from the graph around, and some exporters leave them out. */
function decodeInnerValue(info: onnx.ValueInfoProto): Value {
  return info.type?.value.case === undefined ? { name: info.name, dtype: 'float32', untyped: true } : decodeValue(info);
}

function decodeValue(info: onnx.ValueInfoProto): Value {
  const type = info.type?.value;
  if (type?.case !== 'tensorType') throw new Error(`"${info.name}" is no tensor (${type?.case ?? 'no type'}).`);
  return {
    name: info.name,
    dtype: dataTypeOf(type.value.elemType, info.name),
    shape: type.value.shape?.dim.map((dim, axis) =>
      dim.value.case === 'dimValue' ? Number(dim.value.value) : dim.value.case === 'dimParam' ? dim.value.value : `${info.name}_${axis}`,
    ),
  };
}

function dataTypeOf(code: number, name: string): DataType {
  for (const [dtype, known] of Object.entries(dataTypeCodes)) if (known === code) return dtype as DataType;
  throw new Error(`"${name}" has the unsupported element type ${onnx.TensorProto_DataType[code] ?? code}.`);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
