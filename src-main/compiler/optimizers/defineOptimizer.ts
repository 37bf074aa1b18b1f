import type { TrainingKernels, Vector } from '../../kernels/trainingKernels.ts';
import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';

export interface OptimizerSlot {
  readonly name: string;
  /** Its own, not always the parameter's. */
  readonly shape: readonly number[];
  /**
   * State smaller than this becomes 0 now and then (see `Trainer`): without gradient it decays by a factor per step into
   * numbers below 1.2e-38, with which processors compute several times slower. Small enough to change no update.
   */
  readonly zeroBelow: number;
}

/** One parameter, or neighbours of one decay group where the optimizer is `elementwise`, in the memory of the kernels. */
export interface FlatPiece {
  readonly parameters: Vector;
  /** May be overwritten. */
  readonly gradients: Vector;
  readonly slots: readonly Vector[];
  readonly shape: readonly number[];
  readonly decays: boolean;
}

/** An optimizer in two forms: as nodes of the training graph, and over flat vectors by WebAssembly kernels. */
export interface OptimizerRule {
  readonly kind: string;
  readonly source: string;
  readonly formula: string;
  /** True where each number is updated from its own gradient and state only: neighbouring tensors can be one piece. */
  readonly elementwise: boolean;
  /** State kept for a parameter of this shape, starting at 0. */
  slots(shape: readonly number[]): readonly OptimizerSlot[];
  /** Numbers that change with the step; they enter the graph as one vector each, one entry per batch of a run. */
  readonly scalars: readonly string[];
  /** The scalars of step `step` (counted from 1), in float64, in the order of `scalars`. */
  scalarsAt(step: number, learningRate: number): readonly number[];
  /** Adds the nodes of one update. `decays`: whether weight decay applies to this parameter. */
  emit(
    g: TypedOps,
    update: { parameter: TypedValue; gradient: TypedValue; slots: readonly TypedValue[]; scalars: readonly TypedValue[]; decays: boolean },
  ): {
    parameter: TypedValue;
    slots: readonly TypedValue[];
  };
  /** The same update in place; the gradient is multiplied by `gradientScale` first. */
  update(kernels: TrainingKernels, piece: FlatPiece, scalars: readonly number[], gradientScale: number): void;
  /**
   * The same, bit for bit, for a table of which only `live` rows have a gradient or state other than 0: the others need not be looked
   * at. Not every optimizer has it.
   */
  updateRows?(kernels: TrainingKernels, piece: FlatPiece, live: LiveRows, scalars: readonly number[], gradientScale: number): void;
}

export interface LiveRows {
  /** In the memory of the kernels, in any order. */
  readonly rows: Int32Array;
  /** Numbers of a row, a multiple of 4. */
  readonly width: number;
}

/** One slot of the parameter's shape per name. */
export function slotsLike(shape: readonly number[], zeroBelow: Readonly<Record<string, number>>): OptimizerSlot[] {
  return Object.entries(zeroBelow).map(([name, limit]) => ({ name, shape, zeroBelow: limit }));
}
