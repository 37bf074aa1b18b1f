// One stored operator test through the compiler's front: read, brought to our opset, shapes, and in the reference interpreter.
import { compositeOf, isSupported, operatorKey } from '../../src-main/compiler/gradients/index.ts';
import { decomposer } from '../../src-main/compiler/3-differentiate/decompose.ts';
import { forInference } from '../../src-main/compiler/1-parse/parseForward.ts';
import { upgradeGraph } from '../../src-main/compiler/1-parse/upgrade/upgradeGraph.ts';
import { replay, Replayer } from '../../src-main/compiler/2-shapes/replay.ts';
import { TypedOps, typed } from '../../src-main/compiler/2-shapes/typedOps.ts';
import { foldedOperators } from '../../src-main/compiler/2-shapes/fold/foldNode.ts';
import { GraphBuilder, readModel, type Graph, type GraphNode, type TensorData, type Value } from '../../src-main/compiler/index.ts';
import { interpret, referenceOperators, tensor, type ReferenceTensor } from '../../src-main/compiler/tests/referenceInterpreter.ts';
import { isModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { NodeTest } from './onnxNodeTestsSuites.ts';

/**
 * ONNX's own test runner allows rtol 1e-3, which function bodies need (theirs write π with six digits); for the rest the
 * reference computes in float64 and the stored numbers are float32.
 */
const relative = 1e-4;
const relativeExpanded = 1e-3;
const absolute = 1e-5;

/**
 * Cases whose stored numbers ONNX Runtime does not give either, by suite and name. The graphs run there, so its numbers are the
 * ones to match; a case that it refuses is not claimed.
 */
const judgedByRuntime: readonly (readonly [cases: RegExp, reason: string])[] = [
  [/ test_maxunpool_export_with_output_shape$/, 'indices count in the unpooled shape, not in output_shape'],
  [/ test_resize_downsample_scales_(cubic|linear)_align_corners$/, 'corners of a size that is no whole number'],
  [/ test_gridsample_bicubic$/, 'written with four digits'],
  [/^1\.18\.0 test_averagepool_2d_ceil_last_window_starts_on_pad$/, 'written with four digits'],
  [
    /^1\.16\.2 test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True$/,
    'divided by cells beyond the padding; later suites store others',
  ],
  [
    /^1\.6\.0 test_resize_upsample_sizes_nearest_(ceil_half_pixel|floor_align_corners|round_prefer_ceil_asymmetric)$/,
    'later suites store others',
  ],
  [/^1\.18\.0 test_attention_3d(?!.*_expanded$)/, 'onnx 1.18.0 splits the heads of three axes without a transpose, ONNX Runtime with one'],
  [/^1\.18\.0 test_attention_4d_gqa(?!.*_expanded$)/, 'onnx 1.18.0 gives a key head to query heads far apart, ONNX Runtime to neighbours'],
  [/^1\.18\.0 test_attention_4d.*_softcap$/, 'onnx 1.18.0 caps after the mask, ONNX Runtime before'],
  [
    /^1\.18\.0 test_attention_4d.*_qk_matmul_bias$/,
    'onnx 1.18.0 hands out the masked scores as stage 1, ONNX Runtime as stage 2, after the cap',
  ],
  [/^1\.18\.0 test_rotary_.*rotary_dim$/, 'the caches are wider than the features that turn; ONNX Runtime refuses them'],
];

/** Why ONNX Runtime's numbers count for this case, not the stored ones. */
export function judgedByRuntimeBecause({ suite, name }: NodeTest): string | undefined {
  return judgedByRuntime.find(([cases]) => cases.test(`${suite} ${name}`))?.[1];
}

export type Outcome =
  | { state: 'matched'; operator: string }
  /** It uses an operator or a type that the compiler does not claim. */
  | { state: 'unclaimed'; operator: string; reason: string }
  | { state: 'failed'; operator: string; stage: 'parse' | 'shapes' | 'values'; reason: string };

const control = new Set(['If', 'Loop', 'Scan']);

export function runNodeTest(test: NodeTest, operator: string): Outcome {
  const fail = (stage: 'parse' | 'shapes' | 'values', error: unknown): Outcome => ({
    state: 'failed',
    operator,
    stage,
    reason: error instanceof Error ? error.message : String(error),
  });
  const unclaimed = (reason: string): Outcome => ({ state: 'unclaimed', operator, reason });

  let model;
  try {
    model = readModel(test.model);
  } catch (error) {
    return unclaimed((error as Error).message);
  }
  const foreign = Object.keys(model.opsets).filter((domain) => domain !== '');
  if (foreign.length > 0) return unclaimed(`domain ${foreign.join()}`);
  const opset = model.opsets[''] ?? 1;
  // Operators that never changed carry the version in which they appeared.
  const named = model.graph.inputs.filter((each) => each.name !== '');
  if (opset > 23) return unclaimed(`opset ${opset}`);
  let graph: Graph;
  try {
    const types = new Replayer(new TypedOps(new GraphBuilder('types')), { fold: true, inlineControl: true });
    for (const [at, each] of named.entries()) types.constant(each.name, test.inputs[at]!);
    graph = upgradeGraph(model.graph, Math.max(opset, 7), { shapeOf: (name) => types.get(name)?.shape });
  } catch (error) {
    return isRefusal(error) ? unclaimed(`refused: ${error.message}`) : fail('parse', error);
  }
  // As it is served: what it drops in training comes as an input, not by chance.
  const dropout = graph.nodes.find((node) => node.opType === 'Dropout');
  if (dropout && (dropout.outputs.length > 1 || dropout.inputs.length > 2)) return unclaimed('Dropout by chance, or its mask');
  if (dropout) graph = forInference(graph);
  const missing = unknownOperators(graph);
  if (missing.length > 0) return unclaimed(`operator ${missing.join(', ')}`);
  const strange = [...test.inputs, ...test.outputs].find(({ dtype }) => dtype === 'string');
  if (strange) return unclaimed('text');

  // Sizes and axes come as inputs in these tests, where models have constants: integers, or all but the first input.
  const check = (isConstant: (tensor: TensorData, at: number) => boolean): Outcome =>
    checkAgainst(test, graph, named, isConstant, operator);
  const allConstant = check(() => true);
  // What is evaluated at compile time must be right on its own.
  if (graph.nodes.every((node) => foldedOperators.includes(operatorKey(node.domain, node.opType)))) {
    if (allConstant.state !== 'matched') return allConstant;
  }
  const outcomes = [...[isNoFloat, (_: TensorData, at: number): boolean => at > 0].map(check), allConstant];
  const rank = (each: Outcome): number => (each.state === 'matched' ? 0 : each.state === 'failed' && each.stage === 'values' ? 1 : 2);
  return outcomes.toSorted((a, b) => rank(a) - rank(b))[0]!;
}

function checkAgainst(
  test: NodeTest,
  graph: Graph,
  inputs: readonly Value[],
  isConstant: (tensor: TensorData, at: number) => boolean,
  operator: string,
): Outcome {
  const builder = new GraphBuilder(graph.name);
  const g = new TypedOps(builder);
  const fed: Record<string, ReferenceTensor> = {};
  try {
    const given = new Map<string, Value>();
    for (const [at, each] of inputs.entries()) {
      const data = test.inputs[at]!;
      if (isConstant(data, at)) given.set(each.name, g.constant(data));
      else {
        fed[each.name] = toReference(data);
        given.set(each.name, builder.input(each.name, data.dtype, data.shape));
      }
    }
    const values = replay(g, graph, given, { fold: true, inlineControl: true, decompose: decomposer(g) });
    for (const [at, { name }] of graph.outputs.entries()) {
      const value = typed(values.get(name)!);
      const stored = test.outputs[at]!;
      if (value.shape.join() !== stored.shape.join() || value.dtype !== stored.dtype)
        throw new Error(`"${name}" is ${value.dtype}[${value.shape.join()}], stored ${stored.dtype}[${stored.shape.join()}]`);
      builder.output(value, `result.${at}`);
    }
  } catch (error) {
    if (isRefusal(error)) return { state: 'unclaimed', operator, reason: `refused: ${error.message}` };
    return { state: 'failed', operator, stage: 'shapes', reason: error instanceof Error ? error.message : String(error) };
  }
  try {
    const results = interpret(withoutFloat16(builder.build()), fed);
    graph.outputs.forEach((_, at) => compare(results[`result.${at}`]!, test.outputs[at]!, isExpanded(test)));
    // Composites and folded nodes are gone from there; the operator's own definition counts too. (Not for whole graphs: the
    // interpreter has no element types, so integers inside them would not be cut.)
    if (
      !isExpanded(test) &&
      graph.nodes.every((node) => !control.has(node.opType) && operatorKey(node.domain, node.opType) in referenceOperators)
    ) {
      const all = Object.fromEntries(inputs.map((each, at) => [each.name, toReference(test.inputs[at]!)]));
      const direct = interpret(withoutFloat16(graph), all);
      graph.outputs.forEach(({ name }, at) => compare(direct[name]!, test.outputs[at]!, false));
    }
  } catch (error) {
    return { state: 'failed', operator, stage: 'values', reason: error instanceof Error ? error.message : String(error) };
  }
  return { state: 'matched', operator };
}

/** Operators of a graph and its subgraphs that the gradient table does not claim and that are not evaluated as constants either. */
function unknownOperators(graph: Graph): string[] {
  const known = (node: GraphNode): boolean => {
    const key = operatorKey(node.domain, node.opType);
    return isSupported(key) || compositeOf(key) !== undefined || control.has(key) || foldedOperators.includes(key);
  };
  const inside = graph.nodes.flatMap((node) =>
    Object.values(node.attributes).flatMap((each) => (each.kind === 'graph' ? unknownOperators(each.value) : [])),
  );
  return [...new Set([...graph.nodes.filter((node) => !known(node)).map((node) => operatorKey(node.domain, node.opType)), ...inside])];
}

/** Said with node and reason, and not a failure. */
function isRefusal(error: unknown): error is Error {
  return isModelkeepError(error) && error.code === 'MK_COMPILER_IMPORT_NODE_UNSUPPORTED';
}

function isNoFloat({ dtype }: TensorData): boolean {
  return !dtype.startsWith('float');
}

function toReference(data: TensorData): ReferenceTensor {
  const { dtype, shape } = data;
  if (dtype === 'string') throw new Error('text');
  if (dtype === 'float16') return tensor(shape, new Float16Array(data.data.buffer as ArrayBuffer, data.data.byteOffset, data.data.length));
  return tensor(shape, data.data as Iterable<number | bigint>);
}

/** The interpreter reads numbers, not the bits of half floats. */
function withoutFloat16(graph: Graph): Graph {
  const plain = (each: TensorData): TensorData =>
    each.dtype === 'float16' ? { dtype: 'float64', shape: each.shape, data: toReference(each).data } : each;
  return { ...graph, initializers: new Map([...graph.initializers].map(([name, each]) => [name, plain(each)])) };
}

function isExpanded({ name }: NodeTest): boolean {
  return name.includes('_expanded');
}

function compare(got: ReferenceTensor, stored: TensorData, expanded: boolean): void {
  const expected = toReference(stored);
  if (got.shape.join() !== expected.shape.join()) throw new Error(`shape [${got.shape.join()}], stored [${expected.shape.join()}]`);
  const tolerance = stored.dtype === 'float16' ? 1e-2 : expanded ? relativeExpanded : relative;
  for (let at = 0; at < expected.data.length; at++) {
    const [a, b] = [asStored(got.data[at]!, stored.dtype), expected.data[at]!];
    if (Object.is(a, b) || a === b || Math.abs(a - b) <= absolute + tolerance * Math.abs(b)) continue;
    throw new Error(`element ${at} is ${a}, stored ${b}`);
  }
}

/** The interpreter computes without element types: what it gives is cut and wrapped as storing it in an integer does. */
function asStored(value: number, dtype: TensorData['dtype']): number {
  const bits = /^u?int(8|16|32)$/.exec(dtype)?.[1];
  if (bits === undefined || !Number.isFinite(value)) return value;
  const whole = BigInt(Math.trunc(value));
  return Number(dtype.startsWith('u') ? BigInt.asUintN(Number(bits), whole) : BigInt.asIntN(Number(bits), whole));
}
