import type { ParsedForward } from '../1-parse/parseForward.ts';
import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed, type TypedValue } from '../2-shapes/typedOps.ts';
import { stepNames, type DifferentiatedStep } from '../3-differentiate/differentiate.ts';
import { elementCount, type DataType, type Graph, type Shape, type Value } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import { sumInGroups, type PrivacySettings } from '../privacy/sumInGroups.ts';
import { clipGradients } from '../optimizers/clipGradients.ts';
import type { OptimizerRule } from '../optimizers/defineOptimizer.ts';
import { decays, type CommonOptimizerSettings } from '../optimizers/index.ts';

/** Names of the training graph's inputs and outputs beside parameters and data, which keep theirs. */
export const trainingNames = {
  /** [rows] float: weight of each row in the loss. Should average 1. */
  rowWeights: 'train.rowWeights',
  /** [batches, batchSize] int32 row numbers; below 0 is padding, counted from the end. */
  order: 'train.order',
  /** [batches] float, one input per scalar of the optimizer. */
  scalar: (name: string): string => `train.${name}`,
  /** [batches, batchSize, …] bool: 1 where Dropout keeps; float: random numbers. */
  keep: (node: string): string => `train.${node}`,
  /** [batches, …] float: standard normal numbers added to the gradient of a parameter. */
  privacyNoise: (parameter: string): string => `privacyNoise.${parameter}`,
  slot: (slot: string, parameter: string): string => `${slot}.${parameter}`,
  next: (name: string): string => `next.${name}`,
  /** [batches] float: mean loss of each minibatch before its update. */
  losses: 'train.losses',
};

/**
 * Phase 5. One graph that trains on many minibatches in one run: a Loop whose body gathers the batch's rows, runs the
 * step and applies the optimizer. Parameters and optimizer state go in and come out; nothing stays in the session.
 *
 * Rows are gathered inside the graph from the whole data matrix, which ONNX Runtime reads in place (no copy per run).
 */
export function emitTraining(
  parsed: ParsedForward,
  step: DifferentiatedStep,
  stepGraph: Graph,
  optimizer: CommonOptimizerSettings & { readonly rule: OptimizerRule },
  batchSize: number,
  privacy?: PrivacySettings & { readonly rowsTogether: number },
): Graph {
  const builder = new GraphBuilder('training');
  const g = new TypedOps(builder);
  const float = parsed.outputs[0]!.dtype;
  const named = (each: Value): Value => builder.input(each.name, each.dtype, each.shape);
  const parameters = step.parameters.map(named);
  const { rule, clipNorm } = optimizer;
  const slotsOf = parameters.map((each) =>
    rule.slots(sizes(each)).map((slot) => builder.input(trainingNames.slot(slot.name, each.name), each.dtype, slot.shape)),
  );
  const slots = slotsOf.flat();
  const state = parsed.state.map(({ input }) => named(input));
  const frozen = parsed.frozen.map(named);
  const perRow = (name: string, each: Value): Value => builder.input(name, each.dtype, ['rows', ...batchless(each)]);
  const data = parsed.dataInputs.map((each) => perRow(each.name, each));
  const targets = step.targets.map(({ value }) => perRow(value.name, value));
  const rowWeights = builder.input(trainingNames.rowWeights, float, ['rows']);
  const order = builder.input(trainingNames.order, 'int32', ['batches', batchSize]);
  const scalars = rule.scalars.map((name) => builder.input(trainingNames.scalar(name), float, ['batches']));
  const groups = privacy && batchSize / privacy.rowsTogether;
  const perBatch = (each: Value, name: string, dtype: DataType, inGroups = groups): Value =>
    builder.input(trainingNames.keep(name), dtype, ['batches', ...(inGroups ? [inGroups] : []), ...typed(each).shape]);
  const masks = step.masks.map((each) => perBatch(each.value, each.name, 'bool'));
  const noises = step.noises.map((each) => perBatch(each.value, each.value.name, each.value.dtype));
  const privacyNoises = privacy ? parameters.map((each) => perBatch(each, trainingNames.privacyNoise(each.name), each.dtype, 0)) : [];

  const trips = builder.op(
    'Gather',
    [builder.op('Shape', [order], { output: { dtype: 'int64', shape: [2] } }), builder.scalar(0, 'int64')],
    { output: { shape: [] } },
  );
  const rowShares = sharesOf(g, typed(order), typed(rowWeights));
  const targetsInOrder = targets.map((each) => g.gather(each, order));

  const { carried, stacked } = builder.loop(
    trips,
    [...parameters, ...slots, ...state],
    (body, entering, iteration) => {
      const b = new TypedOps(body);
      const rows = b.gather(order, iteration);
      const enteringState = entering.slice(parameters.length + slots.length);
      const given = new Map<string, Value>([
        ...parameters.map((each, at): [string, Value] => [each.name, entering[at]!]),
        ...state.map((each, at): [string, Value] => [each.name, enteringState[at]!]),
        ...frozen.map((each): [string, Value] => [each.name, each]),
      ]);
      const ofBatch = new Map<string, Value>([
        ...data.map((each): [string, Value] => [each.name, b.gather(each, rows)]),
        ...targets.map((each, at): [string, Value] => [each.name, b.gather(targetsInOrder[at]!, iteration)]),
        [stepNames.rowShares, b.gather(rowShares, iteration)],
        ...step.masks.map((each, at): [string, Value] => [
          each.name,
          scaledMask(b, b.gather(masks[at]!, iteration), each.value, each.rate),
        ]),
        ...step.noises.map((each, at): [string, Value] => [each.value.name, b.gather(noises[at]!, iteration)]),
      ]);
      const values = privacy
        ? sumInGroups(
            b,
            stepGraph,
            parameters,
            { batchSize, groups: groups! },
            privacy,
            privacyNoises.map((each) => b.gather(each, iteration)),
            (inner, group) => inputsOfGroup(inner, group, given, ofBatch, stepGraph, batchSize),
          )
        : replay(b, stepGraph, new Map([...given, ...ofBatch]));
      const now = scalars.map((each) => b.gather(each, iteration));
      const raw = parameters.map((each) => values.get(stepNames.gradient(each.name))!);
      const gradients = clipNorm === undefined ? raw : clipGradients(b, raw, clipNorm);
      const enteringSlots = new Map(slots.map((each, at) => [each, typed(entering[parameters.length + at]!)]));
      const updates = parameters.map((each, at) =>
        rule.emit(b, {
          parameter: typed(entering[at]!),
          gradient: gradients[at]!,
          slots: slotsOf[at]!.map((slot) => enteringSlots.get(slot)!),
          scalars: now,
          decays: decays(optimizer, each.name, sizes(each).length),
        }),
      );
      return {
        carried: [
          ...updates.map((each) => each.parameter),
          ...updates.flatMap((each) => each.slots),
          ...state.map((each) => values.get(stepNames.state(each.name))!),
        ],
        stacked: [values.get(stepNames.loss)!],
      };
    },
    { carried: [...parameters, ...slots, ...state].map((each) => trainingNames.next(each.name)), stacked: [trainingNames.losses] },
  );
  for (const each of [...carried, ...stacked]) builder.output(each);
  return builder.build();
}

/** Inputs of a step over a group of rows (all of them without one); a row's share is its own weight instead of a part of the batch. */
function inputsOfGroup(
  g: TypedOps,
  group: Value | undefined,
  given: ReadonlyMap<string, Value>,
  ofBatch: ReadonlyMap<string, Value>,
  step: Graph,
  batchSize: number,
): ReadonlyMap<string, Value> {
  const inputs = new Map(given);
  for (const [name, value] of ofBatch) {
    const { shape } = typed(step.inputs.find((each) => each.name === name)!);
    // Masks and noises are drawn group by group, everything else is in the order of the rows: both in the same places.
    const part = group ? g.gather(g.reshape(value, [elementCount(typed(value).shape) / elementCount(shape), ...shape]), group) : value;
    const own = g.reshape(part, shape);
    inputs.set(name, name === stepNames.rowShares ? g.mul(own, g.scalar(batchSize, own)) : own);
  }
  return inputs;
}

/** weight / number of real rows for each place in `order`, 0 for padding. */
function sharesOf(g: TypedOps, order: TypedValue, rowWeights: TypedValue): TypedValue {
  const real = g.cast(g.op('GreaterOrEqual', [order, g.constant({ dtype: 'int32', shape: [], data: Int32Array.of(0) })]), rowWeights.dtype);
  // A run holds only batches with at least one real row, so the count is never 0.
  const count = g.reduceSum(real, [1]);
  // Padding reads a row from the end; its share is 0.
  return g.div(g.mul(g.gather(rowWeights, order), real), count);
}

function scaledMask(g: TypedOps, keep: TypedValue, like: Value, rate: number): TypedValue {
  return g.mul(g.cast(keep, like.dtype), g.scalar(1 / (1 - rate), like));
}

function batchless(value: Value): Shape {
  return typed(value).shape.slice(1);
}

/** A parameter's shape, which is known. */
function sizes(value: Value): number[] {
  return typed(value).shape.map(Number);
}
