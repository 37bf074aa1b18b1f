import type { CurvePoint } from '../../../../src-shared/domain/training.ts';
import type { Graph } from '../../../compiler/index.ts';
import type { FittedLearner, LearnerState, Settings } from './learner.ts';
import type { Matrix } from './matrix.ts';

/** What every fitted learner says of its fit; kept in the `json` of its state. */
export interface Told {
  chosen: Settings;
  curve: CurvePoint[];
  ended: FittedLearner['ended'];
}

/** A learner that is its state and two pure functions of it: nothing is held open. */
export function fittedFrom(
  state: LearnerState & { json: Told },
  { predict, graph }: { predict(features: Matrix): Float32Array; graph(): Graph },
): FittedLearner {
  const { chosen, curve, ended } = state.json;
  return {
    predict: (features) => Promise.resolve(predict(features)),
    graph,
    state: () => state,
    chosen,
    curve,
    ended,
    release: () => Promise.resolve(),
  };
}
