import { expect, test } from 'vitest';
import type { Result } from '../../src-shared/rpc/contract.ts';
import { championVersion } from './championVersion.ts';

type Model = Result<'registry.list'>[number];

function model(name: string, champion: { runId: string; dataset?: string; target?: string; createdAt?: number } | null): Model {
  const version = champion && {
    model: name,
    version: 1,
    runId: champion.runId,
    createdAt: champion.createdAt ?? 0,
    dataset: { name: champion.dataset ?? 'churn', version: 1 },
    signature: { target: champion.target ?? 'churn' },
  };
  return { name, champion: version } as Model;
}
const run = { id: 'run_9', request: { dataset: { name: 'churn', version: 2 }, target: { kind: 'column' as const, column: 'churn' } } };
const name = (models: Model[], request = {}): string | undefined =>
  championVersion({ ...run, request: { ...run.request, ...request } }, models)?.model;

test('the champion of the model that a run names is what it has to beat', () => {
  const models = [model('other', { runId: 'a' }), model('named', { runId: 'b', dataset: 'else', target: 'else' })];
  expect(name(models, { compareWith: 'named' })).toBe('named');
  expect(name(models, { registerAs: 'named' })).toBe('named');
  expect(name(models, { registerAs: 'new' })).toBe('other');
});

test('without a name it is the newest champion about the same dataset and target', () => {
  const models = [
    model('older', { runId: 'a', createdAt: 1 }),
    model('newer', { runId: 'b', createdAt: 2 }),
    model('other target', { runId: 'c', target: 'age', createdAt: 3 }),
    model('other data', { runId: 'd', dataset: 'bank', createdAt: 4 }),
    model('none', null),
  ];
  expect(name(models)).toBe('newer');
});

test('a model of the run itself is no rival', () => {
  expect(name([model('own', { runId: 'run_9' })])).toBeUndefined();
  expect(name([model('own', { runId: 'run_9' })], { compareWith: 'own' })).toBeUndefined();
  expect(name([])).toBeUndefined();
});
