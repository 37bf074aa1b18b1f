// The table of learners. A search, a run and the contract test walk it.
import { baselineLearner } from './baseline/baselineLearner.ts';
import { boostingLearner } from './boosting/boostingLearner.ts';
import { extraTreesLearner, forestLearner } from './forest/forestLearner.ts';
import type { Learner, LearnerName } from './learner.ts';
import { linearLearner } from './linear/linearLearner.ts';
import { mlpLearner } from './mlp/mlpLearner.ts';
import { networkLearner } from './network/networkLearner.ts';
import { nearestLearner } from './nearest/nearestLearner.ts';
import { bayesLearner } from './bayes/bayesLearner.ts';
import { rulesLearner } from './rules/rulesLearner.ts';

/** `ensemble` is made of the others and no entry here. */
export const learners: Partial<Record<LearnerName, Learner>> = {
  baseline: baselineLearner,
  linear: linearLearner as unknown as Learner,
  nearest: nearestLearner as unknown as Learner,
  bayes: bayesLearner as unknown as Learner,
  rules: rulesLearner as unknown as Learner,
  boosting: boostingLearner as unknown as Learner,
  forest: forestLearner as unknown as Learner,
  extraTrees: extraTreesLearner as unknown as Learner,
  mlp: mlpLearner as unknown as Learner,
  network: networkLearner as unknown as Learner,
};
