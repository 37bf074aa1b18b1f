import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DatasetVersion } from '../../../src-shared/domain/table.ts';
import type { Candidate, Reference, Run } from '../../../src-shared/domain/training.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { registry as contract } from '../../../src-shared/rpc/registry.ts';
import { ManualClock } from '../../platform/clock.ts';
import { transaction } from '../../platform/sqlite.ts';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { RegistryService, type RegistryDependencies } from './api.ts';
import { screenQueries } from './store.ts';

let bench: TestBench;
let clock: ManualClock;
let service: RegistryService;
let runs: Run[];
let candidates: Candidate[];
let quantizations: number;
const reference: Reference = {
  columns: [],
  prediction: { name: 'prediction', kind: 'categorical', rows: 2, nullRate: 0, edges: null, values: ['No', 'other'], shares: [1, 0] },
  rows: 2,
  test: {},
};

beforeEach(async () => {
  clock = new ManualClock();
  quantizations = 0;
  bench = await openTestBench({ clock });
  runs = [trainedRun('run_1', 1), trainedRun('run_2', 2)];
  const { sha256, sizeBytes } = await bench.blobs.put(Buffer.from('model one'));
  const second = await bench.blobs.put(Buffer.from('model two, larger'));
  candidates = [
    trainedCandidate('cand_1', 'run_1', { sha256, sizeBytes }),
    trainedCandidate('cand_1b', 'run_1', { learner: 'baseline', test: { auc: { value: 0.5, low: 0.5, high: 0.5, rows: 1400 } } }),
    trainedCandidate('cand_2', 'run_2', { ...second, learner: 'mlp', settings: { hidden: [64, 32], learningRate: 0.003 } }),
    trainedCandidate('cand_3', 'run_2', { state: 'training', sha256: null }),
  ];
  service = new RegistryService(dependencies());
});
afterEach(() => bench[Symbol.asyncDispose]());

const register = (candidateId: string, name = 'churn') => service.register({ candidateId, name, description: '' }, bench.caller);
const setAlias = (version: number, alias = 'champion', reason = '') =>
  service.setAlias({ name: 'churn', alias, version, reason }, bench.caller);

describe('registering', () => {
  test('numbers versions 1, 2, 3 without gaps and keeps what the run knew', async () => {
    const first = contract['registry.register'].result.parse(await register('cand_1'));
    const second = await register('cand_2');
    expect([first.version, second.version]).toEqual([1, 2]);
    expect(first).toMatchObject({ model: 'churn', runId: 'run_1', learner: 'linear', primaryMetric: 'auc', aliases: [], createdBy: 'ada' });
    const [model] = contract['registry.list'].result.parse(service.list());
    expect(model).toMatchObject({ name: 'churn', versions: 2, latest: { version: 2 }, champion: null, endpoints: [] });
    expect(bench.eventsOf('changed').map((event) => event.area)).toEqual(['registry', 'registry']);
  });

  test('numbering goes on without a gap when a registration fails in between', async () => {
    await register('cand_1');
    const failing = new RegistryService({
      ...dependencies(),
      audit: {
        append: () => {
          throw new Error('disk error');
        },
      },
    });
    await expect(failing.register({ candidateId: 'cand_2', name: 'churn', description: '' }, bench.caller)).rejects.toThrow('disk error');
    expect(service.get('churn').all).toHaveLength(1);
    expect((await register('cand_2')).version).toBe(2);
  });

  test('the same candidate again is the version it already is, without a second audit entry', async () => {
    await register('cand_1');
    const entries = bench.audit.head().entries;
    expect((await register('cand_1')).version).toBe(1);
    expect(bench.audit.head().entries).toBe(entries);
    expect((await register('cand_1', 'other')).version).toBe(1);
  });

  test.each([
    ['a slash in the name', 'cand_1', 'prod/churn', 'MK_NAME_INVALID', { suggestion: 'prod-churn' }],
    ['emoji in the name', 'cand_1', 'churn🚀', 'MK_NAME_INVALID', { suggestion: 'churn' }],
    ['an unknown candidate', 'cand_9', 'churn', 'MK_NOT_FOUND', {}],
    ['a candidate that still trains', 'cand_3', 'churn', 'MK_REGISTRY_CANDIDATE_UNFINISHED', { state: 'training' }],
  ])('refuses %s and writes nothing', async (_, candidateId, name, code, params) => {
    await expect(register(candidateId, name)).rejects.toMatchObject({ code, params: expect.objectContaining(params) as unknown });
    expect(service.list()).toEqual([]);
    expect(bench.audit.head().entries).toBe(0);
  });

  test('refuses a model file that changed or went missing on the disk', async () => {
    const file = bench.blobs.path(candidates[0]!.sha256!);
    chmodSync(file, 0o600);
    writeFileSync(file, 'model 0ne');
    await expect(register('cand_1')).rejects.toMatchObject({ code: 'MK_BLOB_CORRUPT' });
    rmSync(file);
    await expect(register('cand_1')).rejects.toMatchObject({ code: 'MK_BLOB_MISSING' });
    expect(service.list()).toEqual([]);
  });

  test('a version can be described, but what it is never changes or goes away', async () => {
    await register('cand_1');
    expect(service.describe({ name: 'churn', version: 1, description: 'For the save desk.' }, bench.caller).description).toBe(
      'For the save desk.',
    );
    for (const sql of ["UPDATE model_versions SET sha256 = 'x'", 'DELETE FROM model_versions', 'UPDATE alias_history SET reason = 1'])
      if (!sql.includes('alias')) expect(() => transaction(bench.db, () => void bench.db.exec(sql))).toThrow('never');
    await setAlias(1);
    expect(() => transaction(bench.db, () => void bench.db.exec("UPDATE alias_history SET reason = 'x'"))).toThrow('never changes');
  });
});

describe('aliases', () => {
  beforeEach(async () => {
    await register('cand_1');
    await register('cand_2');
  });

  test('a move is written with its reason, and audited in the same transaction', async () => {
    await setAlias(1, 'champion', 'first');
    clock.advance(1000);
    expect((await setAlias(2, 'champion', 'better AUC')).aliases).toEqual(['champion']);
    const page = contract['registry.get'].result.parse(service.get('churn'));
    expect(page.champion?.version).toBe(2);
    expect(page.history).toMatchObject([
      { alias: 'champion', from: 1, to: 2, reason: 'better AUC', actor: 'ada', at: clock.now() },
      { alias: 'champion', from: null, to: 1, reason: 'first' },
    ]);
    const [entry] = (await bench.audit.list({ limit: 1 })).entries;
    expect(entry).toMatchObject({ action: 'registry.alias.set', subject: 'model churn', details: { alias: 'champion', from: 1, to: 2, reason: 'better AUC' } }); // prettier-ignore
    expect(service.aliased('churn', 'champion')?.version).toBe(2);
    expect(service.aliased('churn', 'challenger')).toBeNull();
  });

  test('the same move again writes nothing; an unknown version is refused', async () => {
    await setAlias(1);
    const entries = bench.audit.head().entries;
    await setAlias(1);
    await expect(setAlias(9)).rejects.toMatchObject({ code: 'MK_NOT_FOUND' });
    expect(bench.audit.head().entries).toBe(entries);
  });

  test('an alias can be removed once', async () => {
    await setAlias(1);
    const remove = () => service.removeAlias({ name: 'churn', alias: 'champion', reason: 'retired' }, bench.caller);
    expect(await remove()).toEqual({ removed: true });
    expect(await remove()).toEqual({ removed: false });
    expect(service.get('churn')).toMatchObject({ champion: null, history: [{ from: 1, to: null, reason: 'retired' }, { to: 1 }] });
  });

  test('who follows is told before the answer; moves of one model never overlap', async () => {
    const steps: string[] = [];
    service.onAliasMoved(async ({ to }) => {
      steps.push(`start ${to}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      steps.push(`end ${to}`);
    });
    await Promise.all([setAlias(1), setAlias(2)]);
    expect(steps).toEqual(['start 1', 'end 1', 'start 2', 'end 2']);
    expect(service.aliased('churn', 'champion')?.version).toBe(2);
  });

  test('when an endpoint cannot take the version, the alias moves back and both moves stand in the history', async () => {
    await setAlias(1);
    service.onAliasMoved(() => Promise.reject(new ModelkeepError('MK_WORKER_DIED', { worker: 'inferenceHost', reason: 'SIGKILL' })));
    await expect(setAlias(2)).rejects.toMatchObject({ code: 'MK_REGISTRY_ALIAS_REVERTED', params: { version: 2, alias: 'champion' } });
    expect(service.aliased('churn', 'champion')?.version).toBe(1);
    expect(service.get('churn').history).toMatchObject([{ from: 2, to: 1, reason: expect.stringContaining('MK_WORKER_DIED') as unknown }, { from: 1, to: 2 }, { to: 1 }]); // prettier-ignore
    expect((await bench.audit.verify()).ok).toBe(true);
  });
});

describe('a version page', () => {
  test('has the card with its figures, the reference, the lineage from file to monitor', async () => {
    await register('cand_1');
    await setAlias(1);
    service.attachEndpoints(() => [{ name: 'churn-live', model: 'churn', version: 1 }]);
    const page = contract['registry.version'].result.parse(await service.page({ name: 'churn', version: 1 }));
    expect(page.reference).toEqual(reference);
    expect(page.importance).toEqual([{ column: 'tenure', drop: { value: 0.08, low: 0.06, high: 0.1, rows: 1400 } }]);
    expect(page.card).toEqual(
      expect.arrayContaining([
        { key: 'trainedOn', params: { dataset: 'churn', version: 3, train: 4600, validation: 1000, test: 1400 } },
        { key: 'labelledBy', params: { labelSet: 'review', version: 2 } },
        { key: 'testResult', params: { metric: 'auc', value: 0.84, low: 0.82, high: 0.86, rows: 1400 } },
        { key: 'baselineResult', params: { metric: 'auc', value: 0.5 } },
        { key: 'rangeLimits', params: { columns: 1 } },
      ]),
    );
    expect(page.card.map((line) => line.key)).not.toContain('notBetterThanBaseline');
    expect(page.lineage.nodes.map((node) => node.id).sort()).toEqual([
      'dataset:churn@3',
      'endpoint:churn-live',
      'features:run_1',
      'file:churn.csv',
      'labelSet:review@2',
      'modelVersion:churn@1',
      'monitor:churn-live',
      'run:run_1', // prettier-ignore
    ]);
    expect(page.lineage.edges).toEqual(
      expect.arrayContaining([
        { from: 'file:churn.csv', to: 'dataset:churn@3' },
        { from: 'labelSet:review@2', to: 'features:run_1' },
        { from: 'run:run_1', to: 'modelVersion:churn@1' },
        { from: 'modelVersion:churn@1', to: 'endpoint:churn-live' },
        { from: 'endpoint:churn-live', to: 'monitor:churn-live' },
      ]),
    );
    expect(service.get('churn').endpoints).toEqual(['churn-live']);
  });

  test('the card says when a model is not proven better than the constant answer', async () => {
    candidates[0] = { ...candidates[0]!, test: { auc: { value: 0.52, low: 0.48, high: 0.56, rows: 1400 } } };
    await register('cand_1');
    expect((await service.page({ name: 'churn', version: 1 })).card.map((line) => line.key)).toContain('notBetterThanBaseline');
  });

  test('lineage of a dataset goes down to what was made from it and counts the runs that led nowhere', async () => {
    await register('cand_1');
    runs.push(...Array.from({ length: 8 }, (_, index) => trainedRun(`run_idle${index}`, 10 + index)));
    const lineage = service.lineage({ kind: 'dataset', name: 'churn', version: null });
    expect(lineage.nodes.map((node) => node.id)).toContain('modelVersion:churn@1');
    expect(lineage.nodes.filter((node) => node.kind === 'run')).toHaveLength(1 + 5);
    expect(lineage.omittedRuns).toBe(9 - 5);
    const ofSet = service.lineage({ kind: 'labelSet', name: 'review', version: 2 });
    expect(ofSet.nodes.map((node) => node.id)).toContain('modelVersion:churn@1');
  });
});

describe('comparing', () => {
  test('adds settings and inputs to the paired figures', async () => {
    await register('cand_1');
    await register('cand_2');
    const result = contract['registry.compare'].result.parse(await service.compare({ name: 'churn', a: 1, b: 2 }));
    expect(result).toMatchObject({ rows: 1400, answersChanged: 12, a: { version: 1 }, b: { version: 2 } });
    expect(result.settings).toEqual(
      expect.arrayContaining([
        { key: 'learner', a: 'linear', b: 'mlp' },
        { key: 'hidden', a: null, b: '64 × 32' },
        { key: 'dataset', a: 'churn@3', b: 'churn@3' },
      ]),
    );
    expect(result.inputs).toEqual([{ column: 'tenure', a: 'integer (float32)', b: 'integer (float32)' }]);
  });

  test('refuses versions that answer different questions', async () => {
    await register('cand_1');
    runs[1] = { ...runs[1]!, signature: { ...runs[1]!.signature!, target: 'income' } };
    await register('cand_2');
    await expect(service.compare({ name: 'churn', a: 1, b: 2 })).rejects.toMatchObject({ code: 'MK_REGISTRY_NOT_COMPARABLE' });
  });
});

test('export copies the very bytes; verify finds a changed file and says which version', async () => {
  await register('cand_1');
  await register('cand_2');
  const file = join(bench.folder, 'churn.onnx');
  expect(await service.export({ name: 'churn', version: 1, file }, bench.caller)).toEqual({ file, sha256: candidates[0]!.sha256 });
  expect(readFileSync(file, 'utf8')).toBe('model one');
  expect(await service.verify({})).toEqual({ checked: 2, corrupt: [] });
  const blob = bench.blobs.path(candidates[0]!.sha256!);
  chmodSync(blob, 0o600);
  writeFileSync(blob, 'model 0ne');
  expect(await service.verify({ name: 'churn' })).toEqual({ checked: 2, corrupt: [{ name: 'churn', version: 1 }] });
  await expect(service.export({ name: 'churn', version: 1, file }, bench.caller)).rejects.toMatchObject({ code: 'MK_BLOB_CORRUPT' });
  expect(readFileSync(file, 'utf8')).toBe('model one');
});

test('what the screen waits on is answered from indexes', () => {
  for (const [name, sql] of Object.entries(screenQueries)) {
    const parameters = Array.from({ length: sql.split('?').length - 1 }, () => 1);
    const plan = bench.db.prepare<number[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters);
    const text = plan.map((step) => step.detail).join('; ');
    expect(text, name).toMatch(/USING/);
    expect(text, name).not.toMatch(/SCAN|TEMP B-TREE/);
  }
});

describe('variants in 8-bit integers', () => {
  const quantize = (kind: 'dynamic' | 'static', sample?: string) =>
    service.quantize({ name: 'churn', version: 1, kind, ...(sample === undefined ? {} : { sample }) }, bench.caller);

  beforeEach(async () => void (await register('cand_1')));

  test('a variant is made once, told with what it changes, audited, and can be exported', async () => {
    const made = contract['registry.quantize'].result.parse(await quantize('dynamic'));
    expect(made).toMatchObject({ kind: 'dynamic', quantized: 2, createdBy: 'ada', createdAt: clock.now() });
    const [entry] = (await bench.audit.list({ limit: 1 })).entries;
    expect(entry).toMatchObject({
      action: 'registry.quantize',
      subject: 'model churn',
      details: { version: 1, kind: 'dynamic', sample: null, sha256: made.sha256 },
    });
    const entries = bench.audit.head().entries;
    expect(await quantize('dynamic')).toEqual(made);
    expect([quantizations, bench.audit.head().entries]).toEqual([1, entries]);
    expect((await service.page({ name: 'churn', version: 1 })).variants).toEqual([made]);
    const file = join(bench.folder, 'int8.onnx');
    expect(await service.export({ name: 'churn', version: 1, file, variant: made.sha256 }, bench.caller)).toEqual({
      file,
      sha256: made.sha256,
    });
    expect(readFileSync(file, 'utf8')).toBe('dynamic of model null');
  });

  test('another sample makes another variant; the same one again is known', async () => {
    const own = await quantize('static');
    const other = await quantize('static', '/data/rows.csv');
    expect(other.sha256).not.toBe(own.sha256);
    expect(await quantize('static', '/data/rows.csv')).toEqual(other);
    expect(await quantize('static')).toEqual(own);
    expect((await service.page({ name: 'churn', version: 1 })).variants).toHaveLength(2);
  });

  test('refuses a variant of another version, and finds one that changed on the disk', async () => {
    await register('cand_2');
    const { sha256 } = await quantize('dynamic');
    const file = join(bench.folder, 'int8.onnx');
    await expect(service.export({ name: 'churn', version: 2, file, variant: sha256 }, bench.caller)).rejects.toMatchObject({
      code: 'MK_NOT_FOUND',
    });
    chmodSync(bench.blobs.path(sha256), 0o600);
    writeFileSync(bench.blobs.path(sha256), 'changed');
    expect(await service.verify({})).toEqual({ checked: 2, corrupt: [{ name: 'churn', version: 1 }] });
  });

  test('what it is never changes or goes away', async () => {
    await quantize('dynamic');
    for (const sql of ["UPDATE model_variants SET report = '{}'", 'DELETE FROM model_variants'])
      expect(() => transaction(bench.db, () => void bench.db.exec(sql))).toThrow('never');
  });
});

/** The registry's own neighbours at their interfaces; with the real ones the way is driven in flows/wholeWay.test.ts. */
function dependencies(): RegistryDependencies {
  const dataset = { dataset: 'churn', version: 3, rows: 7000, source: { files: ['/data/churn.csv'] } } as unknown as DatasetVersion;
  const run = (id: string): Run => {
    const found = runs.find((one) => one.id === id);
    if (!found) throw new ModelkeepError('MK_NOT_FOUND', { what: 'run', name: id });
    return found;
  };
  return {
    db: bench.db,
    blobs: bench.blobs,
    audit: bench.audit,
    clock,
    emit: bench.emit,
    train: {
      candidate: (id) => {
        const candidate = candidates.find((one) => one.id === id);
        if (!candidate) throw new ModelkeepError('MK_NOT_FOUND', { what: 'candidate', name: id });
        return { candidate, run: run(candidate.runId), all: candidates.filter((one) => one.runId === candidate.runId) };
      },
      reference: () => Promise.resolve(reference),
      importance: () => [{ column: 'tenure', drop: { value: 0.08, low: 0.06, high: 0.1, rows: 1400 } }],
    },
    scoring: {
      compare: () =>
        Promise.resolve({
          rows: 1400,
          metrics: [],
          answersChanged: 12,
          note: '',
        }),
    },
    quantizing: {
      quantize: async (_model, { kind, sample }) => {
        quantizations++;
        const { sha256, sizeBytes } = await bench.blobs.put(Buffer.from(`${kind} of model ${sample}`));
        const figures = { rows: 1400, metrics: [], answersChanged: 3, largestDifference: 0.02, originalRowMs: 0.2, rowMs: 0.1 };
        return {
          ...figures,
          kind,
          sha256,
          sizeBytes,
          originalBytes: 9,
          quantized: 2,
          kept: [],
          sample: sample === null ? null : { file: sample, rows: 100 },
        };
      },
    },
    sources: {
      dataset: () => dataset,
      labelSet: () => ({ dataset: { name: 'churn', version: 3 }, versions: [1, 2] }),
      labelSetsOf: () => [{ name: 'review', versions: [1, 2] }],
      run,
      runsOf: () => [...runs].reverse(),
    },
  };
}

function trainedRun(id: string, number: number): Run {
  return {
    id,
    number,
    jobId: `job_${number}`,
    request: {
      dataset: { name: 'churn', version: 3 },
      target: { kind: 'labels', labelSet: 'review', version: 2 },
      holdout: { kind: 'stratified', validationFraction: 0.15, testFraction: 0.2 },
      seed: 1,
    },
    spec: null,
    signature: {
      task: 'binary',
      inputs: [
        { name: 'tenure', type: 'integer', onnxType: 'float32', shape: [1], required: false, range: { min: 0, max: 72 }, categories: null },
      ],
      outputs: [{ name: 'prediction', onnxType: 'string', shape: [] }],
      classes: ['No', 'Yes'],
      target: 'review',
    },
    task: 'binary',
    state: 'done',
    primaryMetric: 'auc',
    rows: { train: 4600, validation: 1000, test: 1400, dropped: 0 },
    bestCandidateId: null,
    startedAt: 0,
    finishedAt: 1,
    createdBy: 'ada',
    findings: [],
  };
}

function trainedCandidate(id: string, runId: string, change: Partial<Candidate>): Candidate {
  return {
    id,
    runId,
    learner: 'linear',
    settings: {},
    state: 'done',
    validation: {},
    test: { auc: { value: 0.84, low: 0.82, high: 0.86, rows: 1400 } },
    sha256: 'a'.repeat(64),
    sizeBytes: 1,
    trainMs: 1234.5,
    predictMs: 0.4,
    parity: 1e-7,
    curve: [],
    progress: null,
    ...change,
  };
}
