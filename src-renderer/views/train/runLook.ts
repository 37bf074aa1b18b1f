import type { Candidate, Run } from '../../../src-shared/domain/training.ts';
import type { Status } from '../../components/tone.ts';

export const runStatus: Record<Run['state'], Status> = {
  waiting: 'neutral',
  running: 'running',
  done: 'ok',
  failed: 'crit',
  cancelled: 'neutral',
};

/** Colour of a learner, 1 to 8; the same in the leaderboard, the curve and the panel. */
export const learnerCategory: Record<Candidate['learner'], number> = {
  ensemble: 1,
  boosting: 2,
  mlp: 3,
  network: 3,
  forest: 4,
  extraTrees: 4,
  linear: 5,
  nearest: 6,
  bayes: 7,
  rules: 7,
  baseline: 8,
};
