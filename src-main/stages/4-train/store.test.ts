import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { screenQueries as featureQueries } from '../3-features/store.ts';
import { screenQueries, TrainStore } from './store.ts';

let bench: TestBench;
beforeEach(async () => {
  bench = await openTestBench();
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

it.each(Object.entries({ ...screenQueries, ...featureQueries }))('the query “%s” of a screen walks an index', (_, sql) => {
  const parameters = Array<number | string>([...sql.matchAll(/\?/g)].length).fill('1');
  const plan = bench.db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
  // The newest of all runs are the end of the table itself, and every spec name is listed.
  const scans = plan.filter(({ detail }) => detail.startsWith('SCAN') && detail !== 'SCAN runs' && !detail.startsWith('SCAN s'));
  expect(scans).toEqual([]);
  expect(plan.some(({ detail }) => detail.includes('TEMP B-TREE'))).toBe(false);
});

it('numbers runs and keeps candidates in their order', () => {
  const store = new TrainStore(bench.db);
  const request = { dataset: { name: 'churn', version: 1 }, target: { kind: 'column' as const, column: 'churn' } };
  store.insertRun('run_a', 'job_a', request, 1, 'ada');
  store.insertRun('run_b', 'job_b', request, 2, 'ada');
  store.insertCandidate({ id: 'cand_2', runId: 'run_b', learner: 'mlp', settings: { hidden: [64] }, position: 1 });
  store.insertCandidate({ id: 'cand_1', runId: 'run_b', learner: 'linear', settings: {}, position: 0 });
  expect(store.newest(undefined, 10).map((run) => [run.id, run.number])).toEqual([
    ['run_b', 2],
    ['run_a', 1],
  ]);
  expect(store.newest('other', 10)).toEqual([]);
  expect(store.candidates('run_b').map((each) => each.candidate.id)).toEqual(['cand_1', 'cand_2']);
  expect(() => store.insertCandidate({ id: 'cand_3', runId: 'run_x', learner: 'mlp', settings: {}, position: 0 })).toThrow(/FOREIGN KEY/);
});

it('a run that ended and begins again is running, not ended', () => {
  const store = new TrainStore(bench.db);
  const dataset = { name: 'churn', version: 1 };
  store.insertRun('run_a', 'job_a', { dataset, target: { kind: 'column' as const, column: 'churn' } }, 1, 'ada');
  const spec = {
    dataset,
    target: { kind: 'column' as const, column: 'churn' },
    task: 'binary' as const,
    classes: ['No', 'Yes'],
    rules: [],
  };
  store.finish('run_a', 'failed', 5, null, []);
  store.begin('run_a', spec, 'f'.repeat(64), { dataset, target: { kind: 'column', column: 'churn' } });
  expect(store.run('run_a')).toMatchObject({ state: 'running', finishedAt: null });
});
