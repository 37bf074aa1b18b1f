import { expect, test } from 'vitest';
import { mergeSteps, type DemoStep } from './demoSteps.ts';

const run = (...events: [step: string, state: DemoStep['state'], at: number, params?: Record<string, number>][]): readonly DemoStep[] =>
  events.reduce<readonly DemoStep[]>((steps, [step, state, at, params = {}]) => mergeSteps(steps, { step, state, params }, at), []);

test('a step runs, collects its figures and ends with the time it took', () => {
  expect(run(['import', 'running', 100], ['import', 'running', 150, { rows: 7043 }], ['import', 'done', 900, { columns: 21 }])).toEqual([
    { step: 'import', state: 'done', params: { rows: 7043, columns: 21 }, startedAt: 100, tookMs: 800 },
  ]);
});

test('the start of the next step ends the one before, even when its end was not heard', () => {
  expect(run(['import', 'running', 0], ['train', 'running', 400]).map(({ state, tookMs }) => [state, tookMs])).toEqual([
    ['done', 400],
    ['running', null],
  ]);
});

test('a failed step stays failed', () => {
  expect(run(['train', 'running', 0], ['train', 'failed', 50]).at(-1)).toMatchObject({ state: 'failed', tookMs: 50 });
});
