import { expect, test } from 'vitest';
import { learnerNames as all, metricNames } from '../../src-shared/domain/training.ts';
import { learnerNames, ReportWords } from '../../src-shared/report/reportWords.ts';
import { en } from './en/index.ts';
import { zh } from './zh/index.ts';

test('a report calls learners and common metrics as the interface does', () => {
  for (const learner of all) {
    expect(learnerNames[learner].en).toBe(en.train[`learner.${learner}`]);
    expect(learnerNames[learner].zh).toBe(zh.train[`learner.${learner}`]);
  }
  for (const metric of metricNames.slice(0, 7)) {
    expect(new ReportWords('en').metric(metric)).toBe(en.metrics[`name.${metric}`]);
    expect(new ReportWords('zh').metric(metric)).toBe(zh.metrics[`name.${metric}`]);
  }
});
