import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';

export interface OptimizerSlot {
  readonly name: string;
  /**
   * State smaller than this becomes 0 now and then (see `Trainer`): without gradient it decays by a factor per step into
   * numbers below 1.2e-38, with which processors compute several times slower. Small enough to change no update.
   */
  readonly zeroBelow: number;
}

export interface OptimizerRule {
  readonly kind: string;
  readonly source: string;
  readonly formula: string;
  /** State kept per parameter, each of the parameter's shape, starting at 0. */
  readonly slots: readonly OptimizerSlot[];
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
}
