import { activation as activations } from '../2-shapes/rules/activation.ts';
import { elementwise as elementwiseOperators } from '../2-shapes/rules/elementwise.ts';
import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed, type TapeEntry, type TypedValue } from '../2-shapes/typedOps.ts';
import { readInteger, readIntegers } from '../onnx/attributes.ts';
import type { Graph, TensorData } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';

/** Where rows of a batch see each other on the way to the loss. */
export interface RowMixing {
  readonly node: string;
  readonly operator: string;
}

/** How a value depends on the rows: along an axis (in which rows follow each other, each as a block), or as a sum over them. */
export type Rows = number | 'sum';

/**
 * The first node through which one row of a batch influences what another contributes to the loss: batch statistics, products
 * between rows, a mean over what counts. Such a batch is another one when it is cut into micro-batches. Undefined where rows stay
 * apart; 'unknown' where a node is not understood (Scan, operators with subgraphs).
 *
 * `perRow` names the inputs whose first axis is the batch; the loss is linear in the sum over rows.
 */
export function rowMixing(graph: Graph, perRow: ReadonlySet<string>, loss: string): RowMixing | 'unknown' | undefined {
  const builder = new GraphBuilder('rows');
  const g = new TypedOps(builder);
  const inputs = graph.inputs.map((each): [string, TypedValue] => [each.name, typed(builder.input(each.name, each.dtype, each.shape))]);
  const values = replay(g, graph, new Map(inputs));
  const given = inputs.filter(([name]) => perRow.has(name)).map(([, value]) => value);
  const { stopped } = followRows(g, g.tape, given, values.get(loss)!);
  if (!stopped) return undefined;
  const { mixes, ...node } = stopped;
  return mixes ? node : 'unknown';
}

export interface FollowedRows {
  /** By name of the value; what does not depend on rows is missing. */
  readonly rows: ReadonlyMap<string, Rows>;
  /** The node behind which nothing is known: rows meet in it (`mixes`), or it is not understood. */
  readonly stopped: (RowMixing & { readonly mixes: boolean }) | undefined;
}

/** Follows the rows from the inputs `perRow`, [batch, …] each, to `loss` through the nodes on `tape` that lead there. */
export function followRows(g: TypedOps, tape: readonly TapeEntry[], perRow: readonly TypedValue[], loss: TypedValue): FollowedRows {
  const rows = new Map<string, Rows>(perRow.map((each) => [each.name, 0]));
  const batch = Number(perRow[0]?.shape[0] ?? 1);
  // With one row there is nothing to tell rows by.
  if (batch === 1) return { rows, stopped: undefined };
  for (const entry of leadingTo(tape, loss.name)) {
    if (entry.inputs.every((each) => !each || !rows.has(each.name))) continue;
    const result = rowsOf(entry, rows, batch, (value) => g.graph.constantValue(value));
    if (result === 'unknown' || result === 'mixed')
      return { rows, stopped: { node: entry.outputs[0]!.name, operator: entry.operator, mixes: result === 'mixed' } };
    for (const each of entry.outputs) rows.set(each.name, result);
  }
  return { rows, stopped: undefined };
}

/** The nodes that `name` is computed by, in order. */
export function leadingTo(tape: readonly TapeEntry[], name: string): TapeEntry[] {
  const wanted = new Set([name]);
  return tape
    .toReversed()
    .filter((entry) => {
      if (!entry.outputs.some((each) => wanted.has(each.name))) return false;
      for (const each of entry.inputs) if (each) wanted.add(each.name);
      return true;
    })
    .toReversed();
}

const linear = new Set(['Identity', 'Neg', 'Reshape', 'Squeeze', 'Unsqueeze', 'ReduceSum', 'Sum', 'Add', 'Sub', 'Mul', 'Div', 'Transpose']);
const byImage = new Set(
  (
    'Conv ConvTranspose MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool MaxUnpool BatchNormalization InstanceNormalization ' +
    'GroupNormalization LRN Resize'
  ).split(' '),
);
/** Each element of the output from the elements at its place. */
const elementwise: ReadonlySet<string> = new Set(
  [...Object.keys(elementwiseOperators), ...Object.keys(activations), 'Expand'].filter((each) => each !== 'DynamicQuantizeLinear'),
);
const overLastAxes = new Set(
  'LayerNormalization RMSNormalization SimplifiedLayerNormalization com.microsoft.SkipLayerNormalization com.microsoft.SkipSimplifiedLayerNormalization'.split(
    ' ',
  ),
);
const moved = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);
const alongAxis: Readonly<Record<string, number>> = {
  Softmax: -1,
  LogSoftmax: -1,
  Hardmax: -1,
  Split: 0,
  Concat: 0,
  GatherElements: 0,
  ScatterElements: 0,
  TopK: -1,
};

function rowsOf(
  entry: TapeEntry,
  rows: ReadonlyMap<string, Rows>,
  batch: number,
  constant: (value: TypedValue | undefined) => TensorData | undefined,
): Rows | 'mixed' | 'unknown' {
  const { operator, inputs, outputs, attributes } = entry;
  const given = inputs.flatMap((each, at) => (each && rows.has(each.name) ? [{ at, value: each, rows: rows.get(each.name)! }] : []));
  const [first] = given as [(typeof given)[number], ...typeof given];
  const output = outputs[0]!;
  if (given.some((each) => each.rows === 'sum')) {
    const sums = given.every((each) => each.rows === 'sum');
    const adds = operator === 'Add' || operator === 'Sub' || operator === 'Sum';
    // A penalty on weights is added once, not once a micro-batch; sums may not be multiplied or divided by each other.
    const plain = adds ? given.length === inputs.length : given.length === 1 && (operator !== 'Div' || first.at === 0);
    return sums && linear.has(operator) && plain ? 'sum' : 'mixed';
  }
  const axis = first.rows as number;
  if (/MatMul$|^Gemm$/.test(operator)) return ofProduct(entry, given as { at: number; value: TypedValue; rows: number }[], constant);
  if (moved.has(operator)) return afterReshape(first.value.shape.map(Number), axis, output.shape.map(Number), batch);
  if (operator === 'Transpose') return readIntegers(attributes, 'perm')?.indexOf(axis) ?? first.value.shape.length - 1 - axis;
  if (operator.startsWith('Reduce')) {
    const axes = constant(inputs[1]);
    const all = first.value.shape.map((_, at) => at);
    const listed = axes ? Array.from(axes.data as Iterable<number | bigint>, Number) : all;
    const over = listed.map((each) => (each < 0 ? each + all.length : each));
    if (over.includes(axis)) return operator === 'ReduceSum' ? 'sum' : 'mixed';
    return readInteger(attributes, 'keepdims', 1) ? axis : axis - over.filter((each) => each < axis).length;
  }
  const rank = first.value.shape.length;
  const fromEnd = (each: number): number => (each < 0 ? each + rank : each);
  if (operator === 'Gather') {
    if (given.length > 1) return 'mixed';
    const along = fromEnd(readInteger(attributes, 'axis', 0));
    if (first.at === 1) return readInteger(attributes, 'axis', 0) + axis;
    return along === axis ? 'mixed' : along < axis ? axis + inputs[1]!.shape.length - 1 : axis;
  }
  if (overLastAxes.has(operator))
    return axis < fromEnd(readInteger(attributes, 'axis', -1)) && given.every((each) => each.rows === axis) ? axis : 'mixed';
  if (operator === 'CumSum') {
    const listed = constant(inputs[1]);
    return listed && fromEnd(Number(listed.data[0])) !== axis ? axis : 'mixed';
  }
  const along = alongAxis[operator];
  if (along !== undefined)
    return fromEnd(readInteger(attributes, 'axis', along)) !== axis && given.every((each) => each.rows === axis) ? axis : 'mixed';
  if (byImage.has(operator)) {
    const statistics = operator === 'BatchNormalization' && readInteger(attributes, 'training_mode', 0) === 1;
    return axis === 0 && !statistics && given.every(({ at, rows: own }) => at <= 1 && own === 0) ? 0 : 'mixed';
  }
  if (operator === 'Slice' || operator === 'Pad') return first.value.shape[axis] === output.shape[axis] ? axis : 'mixed';
  return ofElements(entry, given as { value: TypedValue; rows: number }[], constant);
}

function ofProduct(
  { inputs: [a, b], outputs: [output], attributes }: TapeEntry,
  given: readonly { at: number; value: TypedValue; rows: number }[],
  constant: (value: TypedValue | undefined) => TensorData | undefined,
): Rows | 'mixed' {
  const places = given.map(({ at, value, rows }) => {
    const rank = value.shape.length;
    const turned = readInteger(attributes, at === 0 ? 'transA' : 'transB', 0) === 1;
    if (rank === 1) return { summed: true, axis: -1 };
    if (rows < rank - 2) return { summed: false, axis: rows + output!.shape.length - rank };
    // The last axis of A and the last but one of B are summed over, if not transposed.
    const last = rows === rank - 1;
    return { summed: last === ((at === 0) !== turned), axis: output!.shape.length - (at === 0 ? 2 : 1) };
  });
  if (given.some(({ at }) => at > 1)) return 'mixed';
  if (places.every((each) => each.summed)) {
    // Σ over rows of products within a row; with a fixed factor only if it is the same for all rows.
    if (places.length === 2) return 'sum';
    const fixed = constant(given[0]!.at === 0 ? b : a);
    return fixed && new Set(Array.from(fixed.data as Iterable<unknown>, Number)).size === 1 ? 'sum' : 'mixed';
  }
  return places.every((each) => !each.summed && each.axis === places[0]!.axis) &&
    (places.length === 1 || places[0]!.axis < output!.shape.length - 2)
    ? places[0]!.axis
    : 'mixed';
}

/** Rows stay together if as many elements lie before them as before, and whole rows follow. */
function afterReshape(before: readonly number[], axis: number, after: readonly number[], batch: number): number | 'mixed' {
  const product = (sizes: readonly number[]): number => sizes.reduce((count, size) => count * size, 1);
  const outer = product(before.slice(0, axis));
  const at = after.findIndex((size, place) => product(after.slice(0, place)) === outer && size % batch === 0);
  return at < 0 ? 'mixed' : at;
}

function ofElements(
  { operator, inputs: all, outputs: [output] }: TapeEntry,
  given: readonly { value: TypedValue; rows: number }[],
  constant: (value: TypedValue | undefined) => TensorData | undefined,
): number | 'mixed' | 'unknown' {
  if (!elementwise.has(operator)) return 'unknown';
  // What else they take is the size to expand to.
  const inputs = operator === 'Expand' ? all.slice(0, 1) : all;
  const rank = output!.shape.length;
  const axes = new Set(given.map(({ value, rows }) => rows + rank - value.shape.length));
  const [axis] = axes as Set<number> & Iterable<number>;
  if (!inputs.every((each) => !each || broadcasts(each, output!))) return 'unknown';
  if (axes.size > 1) return 'mixed';
  // A constant that differs from row to row, such as a mask of pairs.
  const perRow = inputs.some((each) => {
    const tensor = constant(each);
    const size = each?.shape[axis! - rank + each.shape.length];
    return (
      tensor !== undefined && size !== undefined && size !== 1 && new Set(Array.from(tensor.data as Iterable<unknown>, Number)).size > 1
    );
  });
  return perRow ? 'mixed' : axis!;
}

function broadcasts(value: TypedValue, output: TypedValue): boolean {
  const missing = output.shape.length - value.shape.length;
  return missing >= 0 && value.shape.every((dim, at) => dim === 1 || dim === output.shape[at + missing]);
}
