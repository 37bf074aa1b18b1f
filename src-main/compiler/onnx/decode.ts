import { fromBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
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

/**
 * Reads an .onnx file. `inputs` leaves out names that are initializers (old files list both).
 * Throws MK_COMPILER_MODEL_UNREADABLE when the bytes are no ONNX model or use what this compiler does not carry
 * (external data, sparse tensors, sequence or map types).
 */
export function readModel(bytes: Uint8Array): Model {
  try {
    return decodeModel(fromBinary(onnx.ModelProtoSchema, bytes as Uint8Array<ArrayBuffer>));
  } catch (cause) {
    throw new ModelkeepError('MK_COMPILER_MODEL_UNREADABLE', { reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
}

function decodeModel(model: onnx.ModelProto): Model {
  if (!model.graph) throw new Error('it holds no graph.');
  const graph = decodeGraph(model.graph);
  return {
    graph,
    inputs: graph.inputs,
    outputs: graph.outputs,
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
    producer: model.producerName,
    producerVersion: model.producerVersion,
    opsets: Object.fromEntries(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])),
    irVersion: Number(model.irVersion),
  };
}

function decodeGraph(graph: onnx.GraphProto): Graph {
  if (graph.sparseInitializer.length > 0) throw new Error(`Graph "${graph.name}" holds sparse initializers.`);
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name, decodeTensor(tensor)]));
  return {
    name: graph.name,
    inputs: graph.input.filter(({ name }) => !initializers.has(name)).map(decodeValue),
    outputs: graph.output.map(decodeValue),
    nodes: graph.node.map(decodeNode),
    initializers,
  };
}

function decodeNode(node: onnx.NodeProto): GraphNode {
  return {
    opType: node.opType,
    // 'ai.onnx' is another spelling of ''.
    domain: node.domain === 'ai.onnx' ? '' : node.domain,
    name: node.name,
    inputs: node.input,
    outputs: node.output,
    attributes: Object.fromEntries(node.attribute.map((attribute) => [attribute.name, decodeAttribute(attribute)])),
  };
}

function decodeAttribute(attribute: onnx.AttributeProto): Attribute {
  const types = onnx.AttributeProto_AttributeType;
  switch (attribute.type) {
    case types.INT:
      return { kind: 'int', value: Number(attribute.i) };
    case types.FLOAT:
      return { kind: 'float', value: attribute.f };
    case types.STRING:
      return { kind: 'string', value: text(attribute.s) };
    case types.TENSOR:
      return { kind: 'tensor', value: decodeTensor(attribute.t!) };
    case types.GRAPH:
      return { kind: 'graph', value: decodeGraph(attribute.g!) };
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

function decodeTensor(tensor: onnx.TensorProto): TensorData {
  const dtype = dataTypeOf(tensor.dataType, tensor.name);
  const shape = tensor.dims.map(Number);
  if (tensor.dataLocation === onnx.TensorProto_DataLocation.EXTERNAL) throw new Error(`Tensor "${tensor.name}" lies in another file.`);
  if (dtype === 'string') return { dtype, shape, data: tensor.stringData.map(text) };
  const make = elementArrays[dtype];
  if (tensor.rawData.length > 0) {
    // Bytes inside a message lie at any offset; a typed array needs its own alignment, hence the copy.
    const copy = tensor.rawData.slice();
    return { dtype, shape, data: new make(copy.buffer, 0, copy.byteLength / make.BYTES_PER_ELEMENT) } as TensorData;
  }
  const typed: Partial<Record<DataType, readonly (number | bigint)[]>> = {
    float32: tensor.floatData,
    float64: tensor.doubleData,
    int64: tensor.int64Data,
    uint64: tensor.uint64Data,
    uint32: tensor.uint64Data.map(Number),
  };
  const elements = typed[dtype] ?? tensor.int32Data;
  return { dtype, shape, data: (make as unknown as { from(source: Iterable<unknown>): unknown }).from(elements) } as TensorData;
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
  throw new Error(`"${name}" has the unsupported element type ${code}.`);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
