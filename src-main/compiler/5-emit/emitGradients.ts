import type { ParsedForward } from '../1-parse/parseForward.ts';
import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed, type TypedValue } from '../2-shapes/typedOps.ts';
import { stepNames, type DifferentiatedStep } from '../3-differentiate/differentiate.ts';
import { renameGraph, type Graph, type Value } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import { tidy, uniformNumber } from '../4-fuse/rewrite.ts';
import { outputsAsComputed } from './outputsAsComputed.ts';
import { hoistInvariant } from './hoistInvariant.ts';
import { trainingNames } from './emitTraining.ts';
import { rowSumsBehind, sumStackedRows } from './rowSumsBehind.ts';
import { runtimeOrder } from './runtimeOrder.ts';
import { sinkLinear } from './sinkLinear.ts';
import { typesOf } from './typesOf.ts';

/**
 * Phase 5 for large networks. One graph that gives loss and gradients of one batch; the update is made outside, over a flat
 * vector. A batch of several micro-batches is a Loop that adds up: activations of a micro-batch fit the cache, and memory does
 * not grow with the batch.
 *
 * Inputs: parameters, frozen weights and state under their names; data and targets [batch, …]; `stepNames.rowShares` [batch];
 * Dropout masks and noises [micro-batches, …]; `stepNames.lossScale` where the step has it. Outputs: `stepNames.loss`, `stepNames.gradient(p)` with the parameter's elements in
 * the shape that they are computed in (or the two of `rowGradients`, of all micro-batches one after the other), `stepNames.state(s)`.
 */
export function emitGradients(parsed: ParsedForward, step: DifferentiatedStep, stepGraph: Graph, batchCount: number): Graph {
  const builder = new GraphBuilder('gradients');
  const g = new TypedOps(builder);
  const named = (each: Value): TypedValue => typed(builder.input(each.name, each.dtype, each.shape));
  const parameters = step.parameters.map(named);
  const frozen = parsed.frozen.map(named);
  const state = parsed.state.map(({ input }) => named(input));
  /** The rows of all micro-batches, as [micro-batches, rows, …]. */
  const inBatches = (name: string, each: Value): TypedValue => {
    const [rows, ...row] = typed(each).shape.map(Number) as [number, ...number[]];
    const all = builder.input(name, each.dtype, [batchCount * rows, ...row]);
    return batchCount === 1 ? typed(all) : g.reshape(all, [batchCount, rows, ...row]);
  };
  const drawn = (each: Value, name: string, dtype: Value['dtype'] = each.dtype): TypedValue => {
    const shape = typed(each).shape.map(Number);
    const all = builder.input(trainingNames.keep(name), dtype, [batchCount, ...shape]);
    return batchCount === 1 ? g.reshape(all, shape) : typed(all);
  };
  const perBatch: { name: string; all: TypedValue; rate?: number }[] = [
    ...parsed.dataInputs.map((each) => ({ name: each.name, all: inBatches(each.name, each) })),
    ...step.targets.map(({ value }) => ({ name: value.name, all: inBatches(value.name, value) })),
    { name: stepNames.rowShares, all: inBatches(stepNames.rowShares, step.rowShares) },
    ...step.masks.map((each) => ({ name: each.name, all: drawn(each.value, each.name, 'bool'), rate: each.rate })),
    ...step.noises.map(({ value }) => ({ name: value.name, all: drawn(value, value.name) })),
  ];
  const scaled = (ops: TypedOps, value: TypedValue, rate: number | undefined): TypedValue => {
    if (rate === undefined) return value;
    const float = step.rowShares;
    return ops.mul(ops.cast(value, float.dtype), ops.scalar(1 / (1 - rate), float));
  };
  const scale = step.lossScale ? [named(step.lossScale)] : [];
  const rowNames = new Set(parameters.flatMap(({ name }) => [stepNames.gradientRows(name), stepNames.gradientIndices(name)]));
  const gradientNames = new Set([...parameters.map((each) => stepNames.gradient(each.name)), ...rowNames]);
  const finished = (graph: Graph): Graph => {
    const shapes = new Map(g.tape.flatMap(({ outputs }) => outputs.map((each) => [each.name, each.shape] as const)));
    return runtimeOrder(
      outputsAsComputed(
        graph,
        (name) => gradientNames.has(name),
        (name) => shapes.get(name),
      ),
    );
  };
  const fixed: [string, Value][] = [...parameters, ...frozen, ...scale].map((each) => [each.name, each]);
  if (batchCount === 1) {
    const values = replay(
      g,
      stepGraph,
      new Map([
        ...fixed,
        ...state.map((each): [string, Value] => [each.name, each]),
        ...perBatch.map(({ name, all, rate }): [string, Value] => [name, scaled(g, all, rate)]),
      ]),
    );
    stepGraph.outputs.forEach(({ name }) => builder.output(values.get(name)!, name));
    return finished(builder.build());
  }

  // In the loop the results are sums; their names belong to the outputs of the whole graph.
  const outputNames = new Set(stepGraph.outputs.map((each) => each.name));
  const step_ = renameGraph(stepGraph, (name) => (outputNames.has(name) ? inBatch(name) : name));
  const { before, rest } = hoistInvariant(step_, new Set(fixed.map(([name]) => name)));
  const hoisted = replay(g, before, new Map(fixed));
  const stateNames = new Set(state.map((each) => inBatch(stepNames.state(each.name))));
  /** Stacked, where others are summed. */
  const listed = new Set(rest.outputs.map((each) => each.name).filter((name) => rowNames.has(ofBatch(name))));
  const summed = new Set(rest.outputs.map((each) => each.name).filter((name) => !stateNames.has(name) && !listed.has(name)));
  const { body: bodyGraph, after } = sinkLinear(rest, summed, new Set(hoisted.keys()));
  const types = typesOf(bodyGraph, hoisted);
  const zeroSources = zerosIn(before);
  const rowSums = rowSumsBehind(
    bodyGraph,
    new Set(bodyGraph.outputs.map(({ name }) => name).filter((name) => !stateNames.has(name) && !listed.has(name))),
    zeroSources,
    (name) => types.get(name),
    batchCount,
  );
  const notSummed = new Set<string>([...rowSums.map(({ name }) => name), ...stateNames, ...listed]);
  const sums = bodyGraph.outputs.filter(({ name }) => !notSummed.has(name)).map(({ name }) => types.get(name)!);
  const zeroNames = new Set([...zeroSources].map((name) => hoisted.get(name)!.name));
  const zeros = sums.map((each) => g.filledLike(each));
  const inLoop = bodyGraph.nodes.filter((node) => !rowSums.some((each) => each.node === node));
  const stackedNames = [...new Set([...rowSums.flatMap(({ node }) => node.inputs.slice(1, 3)), ...listed])];
  const { carried, stacked } = builder.loop(builder.scalar(batchCount, 'int64'), [...zeros, ...state], (body, entering, iteration) => {
    const b = new TypedOps(body);
    const values = replay(
      b,
      { ...bodyGraph, nodes: inLoop, initializers: new Map() },
      new Map<string, Value>([
        ...hoisted,
        ...state.map((each, at): [string, Value] => [each.name, entering[zeros.length + at]!]),
        ...perBatch.map(({ name, all, rate }): [string, Value] => [name, scaled(b, b.gather(all, iteration), rate)]),
      ]),
    );
    return {
      carried: [
        ...sums.map(({ name }, at) => addTo(b, typed(entering[at]!), values.get(name)!, zeroNames)),
        ...state.map((each) => values.get(inBatch(stepNames.state(each.name)))!),
      ],
      stacked: stackedNames.map((name) => values.get(name)!),
    };
  });
  const stackedAt = (name: string | undefined): Value => stacked[stackedNames.indexOf(name ?? '')]!;
  const totals = replay(
    g,
    { ...after, initializers: new Map() },
    new Map<string, Value>([
      ...hoisted,
      ...sums.map(({ name }, at): [string, Value] => [name, carried[at]!]),
      ...rowSums.map((each): [string, Value] => {
        const [table, indices, rows] = each.node.inputs;
        return [each.name, sumStackedRows(g, each, hoisted.get(table!)!, stackedAt(indices), stackedAt(rows))];
      }),
      ...Array.from(listed, (name): [string, Value] => [name, stackedAt(name)]),
      ...state.map((each, at): [string, Value] => [inBatch(stepNames.state(each.name)), carried[sums.length + at]!]),
    ]),
  );
  stepGraph.outputs.forEach(({ name }) => builder.output(totals.get(inBatch(name))!, name));
  return finished(tidy(builder.build()));
}

const micro = 'micro.';

function inBatch(name: string): string {
  return micro + name;
}

function ofBatch(name: string): string {
  return name.slice(micro.length);
}

/** sum + value; a product, or a sum of rows into zeros, starts from the sum instead. */
function addTo(g: TypedOps, sum: TypedValue, value: TypedValue, zeros: ReadonlySet<string>): TypedValue {
  const made = g.tape.findLast((each) => each.outputs[0]?.name === value.name);
  const [a, b, c] = made?.inputs ?? [];
  if (!made || !a || !b) return g.add(sum, value);
  const { attributes } = made;
  const adds = attributes['reduction']?.kind === 'string' && attributes['reduction'].value === 'add';
  const scatters = made.operator === 'ScatterElements' || made.operator === 'ScatterND';
  if (scatters && adds && zeros.has(a.name)) return g.op(made.operator, [sum, b, c], attributes);
  const isProduct = (made.operator === 'Gemm' && !c) || (made.operator === 'MatMul' && a.shape.length === 2 && b.shape.length === 2);
  // Also for a single row, which ONNX Runtime would fuse itself, into a node that `runtimeOrder` has no say in.
  return isProduct ? g.op('Gemm', [a, b, sum], attributes) : g.add(sum, value);
}

/** Names of values that are 0 everywhere. */
function zerosIn(graph: Graph): Set<string> {
  const spread = graph.nodes.filter(({ opType, inputs }) => opType === 'Expand' && uniformNumber(graph.initializers.get(inputs[0]!)) === 0);
  return new Set(spread.flatMap((node) => node.outputs));
}
