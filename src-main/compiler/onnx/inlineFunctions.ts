import { clone, create } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';

/**
 * Puts the body of each model-local function in place of the nodes that call it, as deep as they nest, so that later
 * phases see operators only — https://github.com/onnx/onnx/blob/main/docs/IR.md#functions
 *
 * Throws an ordinary Error when a function is written for another opset than the model, or calls itself.
 */
export function inlineFunctions(model: onnx.ModelProto): onnx.GraphProto {
  const graph = model.graph!;
  if (model.functions.length === 0) return graph;
  const functions = new Map(model.functions.map((each) => [keyOf(each.domain, each.name, each.overload), each]));
  const versions = new Map(model.opsetImport.map(({ domain, version }) => [plainDomain(domain), version]));
  for (const each of model.functions) {
    for (const { domain, version } of each.opsetImport) {
      const own = versions.get(plainDomain(domain));
      if (own !== undefined && own !== version && !isFunctionDomain(model, domain))
        throw new Error(`Function "${each.name}" is written for opset ${version}, the model for ${own}.`);
    }
  }
  return inlineGraph(graph, functions, []);
}

type Functions = ReadonlyMap<string, onnx.FunctionProto>;

function inlineGraph(graph: onnx.GraphProto, functions: Functions, path: readonly string[]): onnx.GraphProto {
  const result = clone(onnx.GraphProtoSchema, graph);
  result.node = graph.node.flatMap((node, at) => inlineNode(node, functions, path, at));
  return result;
}

function inlineNode(node: onnx.NodeProto, functions: Functions, path: readonly string[], at: number): onnx.NodeProto[] {
  const inner = clone(onnx.NodeProtoSchema, node);
  for (const attribute of inner.attribute) if (attribute.g) attribute.g = inlineGraph(attribute.g, functions, path);
  const key = keyOf(node.domain, node.opType, node.overload);
  const called = functions.get(key);
  if (!called) return [inner];
  if (path.includes(key)) throw new Error(`Function "${node.opType}" calls itself.`);
  return bodyFor(inner, called, at).flatMap((each, position) => inlineNode(each, functions, [...path, key], position));
}

/** The nodes of a function with the caller's values and attributes in place of its own. */
function bodyFor(call: onnx.NodeProto, called: onnx.FunctionProto, at: number): onnx.NodeProto[] {
  const prefix = call.name || `${call.opType}_${at}`;
  const names = new Map<string, string>([
    ...called.input.map((name, position): [string, string] => [name, call.input[position] ?? '']),
    ...called.output.map((name, position): [string, string] => [name, call.output[position] || `${prefix}/${name}`]),
  ]);
  const rename = (name: string): string => (name === '' ? '' : (names.get(name) ?? `${prefix}/${name}`));
  const given = new Map(call.attribute.map((each) => [each.name, each]));
  const defaults = new Map(called.attributeProto.map((each) => [each.name, each]));
  return called.node.map((each) => renameNode(each, rename, (name) => given.get(name) ?? defaults.get(name), prefix));
}

function renameNode(
  node: onnx.NodeProto,
  rename: (name: string) => string,
  attributeOf: (name: string) => onnx.AttributeProto | undefined,
  prefix: string,
): onnx.NodeProto {
  const result = clone(onnx.NodeProtoSchema, node);
  result.name = `${prefix}/${node.name || node.opType}`;
  result.input = node.input.map(rename);
  result.output = node.output.map(rename);
  result.attribute = node.attribute.flatMap((attribute) => {
    if (attribute.refAttrName !== '') {
      // Left out by the caller and without a default: the operator's own default counts.
      const value = attributeOf(attribute.refAttrName);
      return value ? [create(onnx.AttributeProtoSchema, { ...value, name: attribute.name })] : [];
    }
    const copy = clone(onnx.AttributeProtoSchema, attribute);
    if (copy.g) copy.g = renameSubgraph(copy.g, rename, attributeOf, prefix);
    return [copy];
  });
  return result;
}

function renameSubgraph(
  graph: onnx.GraphProto,
  rename: (name: string) => string,
  attributeOf: (name: string) => onnx.AttributeProto | undefined,
  prefix: string,
): onnx.GraphProto {
  const result = clone(onnx.GraphProtoSchema, graph);
  for (const each of [...result.input, ...result.output, ...result.valueInfo, ...result.initializer]) each.name = rename(each.name);
  result.node = graph.node.map((each) => renameNode(each, rename, attributeOf, prefix));
  return result;
}

function keyOf(domain: string, name: string, overload: string): string {
  return `${plainDomain(domain)}.${name}:${overload}`;
}

/** 'ai.onnx' is another spelling of ''. */
function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function isFunctionDomain(model: onnx.ModelProto, domain: string): boolean {
  return model.functions.some((each) => each.domain === domain);
}
