import { create, toBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import { dataTypeCodes, type Attribute, type Graph, type GraphNode, type TensorData, type Value } from './graph.ts';

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
  const model = create(onnx.ModelProtoSchema, {
    irVersion,
    producerName: options.producer,
    producerVersion: options.producerVersion ?? '',
    opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version: BigInt(version) })),
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
    graph: encodeGraph(graph),
  });
  return toBinary(onnx.ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
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

function encodeGraph(graph: Graph): onnx.GraphProto {
  return create(onnx.GraphProtoSchema, {
    name: graph.name,
    node: graph.nodes.map(encodeNode),
    initializer: [...graph.initializers].map(([name, tensor]) => encodeTensor(tensor, name)),
    input: graph.inputs.map(encodeValue),
    output: graph.outputs.map(encodeValue),
  });
}

function encodeNode(node: GraphNode): onnx.NodeProto {
  return create(onnx.NodeProtoSchema, {
    opType: node.opType,
    domain: node.domain,
    name: node.name,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, attribute]) => encodeAttribute(name, attribute)),
  });
}

function encodeAttribute(name: string, attribute: Attribute): onnx.AttributeProto {
  const types = onnx.AttributeProto_AttributeType;
  switch (attribute.kind) {
    case 'int':
      return create(onnx.AttributeProtoSchema, { name, type: types.INT, i: BigInt(attribute.value) });
    case 'float':
      return create(onnx.AttributeProtoSchema, { name, type: types.FLOAT, f: attribute.value });
    case 'string':
      return create(onnx.AttributeProtoSchema, { name, type: types.STRING, s: utf8(attribute.value) });
    case 'tensor':
      return create(onnx.AttributeProtoSchema, { name, type: types.TENSOR, t: encodeTensor(attribute.value, '') });
    case 'graph':
      return create(onnx.AttributeProtoSchema, { name, type: types.GRAPH, g: encodeGraph(attribute.value) });
    case 'ints':
      return create(onnx.AttributeProtoSchema, { name, type: types.INTS, ints: attribute.value.map(BigInt) });
    case 'floats':
      return create(onnx.AttributeProtoSchema, { name, type: types.FLOATS, floats: [...attribute.value] });
    case 'strings':
      return create(onnx.AttributeProtoSchema, { name, type: types.STRINGS, strings: attribute.value.map(utf8) });
  }
}

function encodeTensor(tensor: TensorData, name: string): onnx.TensorProto {
  const header = { name, dims: tensor.shape.map(BigInt), dataType: dataTypeCodes[tensor.dtype] };
  if (tensor.dtype === 'string') return create(onnx.TensorProtoSchema, { ...header, stringData: tensor.data.map(utf8) });
  const { buffer, byteOffset, byteLength } = tensor.data;
  // Little-endian, as every platform that Node 24 and ONNX Runtime support.
  return create(onnx.TensorProtoSchema, { ...header, rawData: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength) });
}

function encodeValue(value: Value): onnx.ValueInfoProto {
  if (value.untyped) return create(onnx.ValueInfoProtoSchema, { name: value.name });
  const shape = value.shape && {
    dim: value.shape.map((dim) => ({
      value: typeof dim === 'string' ? { case: 'dimParam' as const, value: dim } : { case: 'dimValue' as const, value: BigInt(dim) },
    })),
  };
  return create(onnx.ValueInfoProtoSchema, {
    name: value.name,
    type: { value: { case: 'tensorType', value: { elemType: dataTypeCodes[value.dtype], ...(shape && { shape }) } } },
  });
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}
