import type { ParsedForward } from '../1-parse/parseForward.ts';
import { replay } from '../2-shapes/replay.ts';
import { TypedOps, typed, type TypedValue } from '../2-shapes/typedOps.ts';
import { stepNames, type DifferentiatedStep } from '../3-differentiate/differentiate.ts';
import type { Graph, Shape, Value } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import type { OptimizerRule } from '../optimizers/defineOptimizer.ts';

/** Names of the training graph's inputs and outputs beside parameters and data, which keep theirs. */
export const trainingNames = {
  /** [rows] int32 classes or [rows, outputs] float values. */
  targets: 'train.targets',
  /** [rows] float: weight of each row in the loss. Should average 1. */
  rowWeights: 'train.rowWeights',
  /** [batches, batchSize] int32 row numbers; −1 is padding. */
  order: 'train.order',
  /** [batches] float, one input per scalar of the optimizer. */
  scalar: (name: string): string => `train.${name}`,
  /** [batches, batchSize, …] bool: 1 where Dropout keeps. */
  keep: (node: string): string => `train.${node}`,
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
  optimizer: OptimizerRule,
  batchSize: number,
): Graph {
  const builder = new GraphBuilder('training');
  const g = new TypedOps(builder);
  const float = parsed.output.dtype;
  const parameters = parsed.parameters.map((each) => builder.input(each.name, each.dtype, each.shape));
  const slots = parameters.flatMap((each) =>
    optimizer.slots.map((slot) => builder.input(trainingNames.slot(slot.name, each.name), each.dtype, each.shape)),
  );
  const data = parsed.dataInputs.map((each) => builder.input(each.name, each.dtype, ['rows', ...batchless(each)]));
  const targets = builder.input(trainingNames.targets, step.targets.dtype, ['rows', ...batchless(step.targets)]);
  const rowWeights = builder.input(trainingNames.rowWeights, float, ['rows']);
  const order = builder.input(trainingNames.order, 'int32', ['batches', batchSize]);
  const scalars = optimizer.scalars.map((name) => builder.input(trainingNames.scalar(name), float, ['batches']));
  const masks = step.masks.map((each) => builder.input(trainingNames.keep(each.name), 'bool', ['batches', ...typed(each.value).shape]));

  const trips = builder.op(
    'Gather',
    [builder.op('Shape', [order], { output: { dtype: 'int64', shape: [2] } }), builder.scalar(0, 'int64')],
    { output: { shape: [] } },
  );
  const rowShares = sharesOf(g, typed(order), typed(rowWeights));
  const targetsInOrder = g.gather(targets, order);

  const { carried, stacked } = builder.loop(
    trips,
    [...parameters, ...slots],
    (body, entering, iteration) => {
      const b = new TypedOps(body);
      const rows = b.gather(order, iteration);
      const inputs = new Map<string, Value>([
        ...parameters.map((each, at): [string, Value] => [each.name, entering[at]!]),
        ...data.map((each): [string, Value] => [each.name, b.gather(each, rows)]),
        [stepNames.targets, b.gather(targetsInOrder, iteration)],
        [stepNames.rowShares, b.gather(rowShares, iteration)],
        ...step.masks.map((each, at): [string, Value] => [
          each.name,
          scaledMask(b, b.gather(masks[at]!, iteration), each.value, each.rate),
        ]),
      ]);
      const values = replay(b, stepGraph, inputs);
      const now = scalars.map((each) => b.gather(each, iteration));
      const updates = parameters.map((each, at) =>
        optimizer.emit(b, {
          parameter: typed(entering[at]!),
          gradient: values.get(stepNames.gradient(each.name))!,
          slots: optimizer.slots.map((_, slot) => typed(entering[parameters.length + at * optimizer.slots.length + slot]!)),
          scalars: now,
          decays: typed(each).shape.length >= 2,
        }),
      );
      return {
        carried: [...updates.map((each) => each.parameter), ...updates.flatMap((each) => each.slots)],
        stacked: [values.get(stepNames.loss)!],
      };
    },
    { carried: [...parameters, ...slots].map((each) => trainingNames.next(each.name)), stacked: [trainingNames.losses] },
  );
  for (const each of [...carried, ...stacked]) builder.output(each);
  return builder.build();
}

/** weight / number of real rows for each place in `order`, 0 for padding. */
function sharesOf(g: TypedOps, order: TypedValue, rowWeights: TypedValue): TypedValue {
  const real = g.cast(g.op('GreaterOrEqual', [order, g.constant({ dtype: 'int32', shape: [], data: Int32Array.of(0) })]), rowWeights.dtype);
  // A run holds only batches with at least one real row, so the count is never 0.
  const count = g.reduceSum(real, [1]);
  // −1 reads the last row; its share is 0.
  return g.div(g.mul(g.gather(rowWeights, order), real), count);
}

function scaledMask(g: TypedOps, keep: TypedValue, like: Value, rate: number): TypedValue {
  return g.mul(g.cast(keep, like.dtype), g.scalar(1 / (1 - rate), like));
}

function batchless(value: Value): Shape {
  return typed(value).shape.slice(1);
}
