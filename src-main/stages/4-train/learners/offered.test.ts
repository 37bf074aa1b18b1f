import { expect, test } from 'vitest';
import { classLearners, labelLearners, rankingLearners, searchLearners } from '../../../../src-shared/domain/training.ts';
import { learners } from './index.ts';
import type { LearnerTask } from './learner.ts';

const number: LearnerTask = { kind: 'number', objective: { kind: 'squared' } };

test('people can ask for every learner of the table, and for no other', () => {
  expect([...searchLearners].sort()).toEqual(Object.keys(learners).sort());
});

test('what is said about tasks is what the learners support', () => {
  for (const name of searchLearners) {
    expect(learners[name]!.supports({ kind: 'class', classes: 3 }), name).toBe(true);
    expect(learners[name]!.supports(number), name).toBe(!classLearners.includes(name));
    expect(learners[name]!.supports({ kind: 'labels', labels: 3 }), name).toBe(labelLearners.includes(name));
    expect(learners[name]!.supports({ kind: 'ranking' }), name).toBe(rankingLearners.includes(name));
  }
});
