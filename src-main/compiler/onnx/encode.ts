import { dataTypeCodes, type Attribute, type Graph, type GraphNode, type TensorData, type Value } from './graph.ts';
import { ProtobufMessage } from './protobufMessage.ts';

/** Opset 21 and ai.onnx.ml 5 came together with onnx 1.16: any ONNX Runtime since 1.18 loads them (1.30 takes up to 26 and 5). */
export const defaultOpsets: Readonly<Record<string, number>> = { '': 21, 'ai.onnx.ml': 5, 'com.microsoft': 1, 'com.microsoft.nchwc': 1 };
/** IR version 10 came with opset 21 (onnx 1.16). */
const irVersion = 10n;

export interface ModelOptions {
  producer: string;
  producerVersion?: string;
  /** Free key-value text stored in the file (`metadata_props`). */
  metadata?: Readonly<Record<string, string>>;
  /** Version per domain; default: `defaultOpsets` for the domains that the graph uses. */
  opsets?: Readonly<Record<string, number>>;
}

/** The graph as the bytes of an .onnx file. Same graph and options, same bytes. */
export function encodeModel(graph: Graph, options: ModelOptions): Uint8Array<ArrayBuffer> {
  const opsets = options.opsets ?? usedOpsets(graph);
  const model = new ProtobufMessage()
    .integer(1, irVersion)
    .text(2, options.producer)
    .text(3, options.producerVersion ?? '')
    .message(7, encodeGraph(graph));
  for (const [domain, version] of Object.entries(opsets)) model.message(8, new ProtobufMessage().text(1, domain).integer(2, version));
  for (const [key, value] of Object.entries(options.metadata ?? {})) model.message(14, new ProtobufMessage().text(1, key).text(2, value));
  return model.toBytes();
}

function usedOpsets(graph: Graph): Record<string, number> {
  const domains = new Set(['']);
  const collect = (each: Graph): void => {
    for (const node of each.nodes) {
      domains.add(node.domain);
      for (const attribute of Object.values(node.attributes)) if (attribute.kind === 'graph') collect(attribute.value);
    }
  };
  collect(graph);
  return Object.fromEntries(
    [...domains].toSorted().map((domain) => {
      const version = defaultOpsets[domain];
      if (version === undefined) throw new Error(`No default opset for the domain "${domain}"; pass opsets.`);
      return [domain, version];
    }),
  );
}

// Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

function encodeGraph(graph: Graph): ProtobufMessage {
  const message = new ProtobufMessage();
  for (const node of graph.nodes) message.message(1, encodeNode(node));
  message.text(2, graph.name);
  for (const [name, tensor] of graph.initializers) message.message(5, encodeTensor(tensor, name));
  for (const value of graph.inputs) message.message(11, encodeValue(value));
  for (const value of graph.outputs) message.message(12, encodeValue(value));
  return message;
}

function encodeNode(node: GraphNode): ProtobufMessage {
  const message = new ProtobufMessage();
  for (const name of node.inputs) message.text(1, name);
  for (const name of node.outputs) message.text(2, name);
  message.text(3, node.name).text(4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) message.message(5, encodeAttribute(name, attribute));
  return message.text(7, node.domain);
}

/** AttributeProto.AttributeType. */
const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 };

function encodeAttribute(name: string, attribute: Attribute): ProtobufMessage {
  const message = new ProtobufMessage().text(1, name);
  switch (attribute.kind) {
    case 'float':
      message.float(2, attribute.value);
      break;
    case 'int':
      message.integer(3, attribute.value);
      break;
    case 'string':
      message.text(4, attribute.value);
      break;
    case 'tensor':
      message.message(5, encodeTensor(attribute.value, ''));
      break;
    case 'graph':
      message.message(6, encodeGraph(attribute.value));
      break;
    case 'floats':
      for (const each of attribute.value) message.float(7, each);
      break;
    case 'ints':
      for (const each of attribute.value) message.integer(8, each);
      break;
    case 'strings':
      for (const each of attribute.value) message.text(9, each);
      break;
  }
  return message.integer(20, attributeTypes[attribute.kind]);
}

function encodeTensor(tensor: TensorData, name: string): ProtobufMessage {
  const message = new ProtobufMessage();
  for (const dim of tensor.shape) message.integer(1, dim);
  message.integer(2, dataTypeCodes[tensor.dtype]);
  if (tensor.dtype === 'string') for (const each of tensor.data) message.text(6, each);
  message.text(8, name);
  if (tensor.dtype === 'string') return message;
  const { buffer, byteOffset, byteLength } = tensor.data;
  // Little-endian, as every platform that Node 24 and ONNX Runtime support.
  return message.bytes(9, new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}

function encodeValue(value: Value): ProtobufMessage {
  const message = new ProtobufMessage().text(1, value.name);
  if (value.untyped) return message;
  const tensorType = new ProtobufMessage().integer(1, dataTypeCodes[value.dtype]);
  if (value.shape) {
    const shape = new ProtobufMessage();
    for (const dim of value.shape)
      shape.message(1, typeof dim === 'string' ? new ProtobufMessage().text(2, dim) : new ProtobufMessage().integer(1, dim));
    tensorType.message(2, shape);
  }
  return message.message(2, new ProtobufMessage().message(1, tensorType));
}
