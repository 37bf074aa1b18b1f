import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ModelSignature } from '../../../src-shared/domain/features.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import type { Result } from '../../../src-shared/rpc/contract.ts';
import { learn as contract, type Cycle } from '../../../src-shared/rpc/learn.ts';
import type { ModelVersion } from '../../../src-shared/rpc/registry.ts';
import { openTestBench, type TestBench } from '../../testing/testBench.ts';
import { acceptsSameCallers, judgeGates, LearnService, verdictOf, type GateFacts, type LearnDependencies } from './api.ts';
import { screenQueries } from './store.ts';

type Comparison = Result<'registry.compare'>;

const signature: ModelSignature = {
  task: 'binary',
  inputs: [
    { name: 'tenure', type: 'integer', onnxType: 'float32', shape: [1], required: true, range: null, categories: null },
    { name: 'plan', type: 'category', onnxType: 'string', shape: [1], required: false, range: null, categories: null },
  ],
  outputs: [],
  classes: ['No', 'Yes'],
  target: 'churn',
};

function version(number: number): ModelVersion {
  return {
    model: 'churn',
    version: number,
    aliases: [],
    runId: 'run_1',
    candidateId: `cand_${number}`,
    learner: 'linear',
    dataset: { name: 'churn', version: 1 },
    signature,
    test: {},
    primaryMetric: 'auc',
    sha256: 'a'.repeat(64),
    sizeBytes: 1,
    description: '',
    createdAt: 0,
    createdBy: 'ada',
  };
}

/** AUC of b − a with its interval, on `rows` shared rows. */
function compared(low: number, high: number, rows = 1400): Comparison {
  const estimate = (value: number, spread: number): { value: number; low: number; high: number; rows: number } => ({ value, low: value - spread, high: value + spread, rows }); // prettier-ignore
  const verdict = low > 0 ? 'better' : high < 0 ? 'worse' : 'noProvenDifference';
  return {
    a: version(1),
    b: version(2),
    rows,
    metrics: [
      {
        metric: 'auc',
        a: estimate(0.84, 0.02),
        b: estimate(0.85, 0.02),
        difference: { value: (low + high) / 2, low, high, rows },
        verdict,
      },
    ],
    answersChanged: 3,
    settings: [],
    inputs: [],
    note: 'testRowsOfB',
  };
}

const facts = (change: Partial<GateFacts> = {}): GateFacts => ({
  comparison: compared(0.004, 0.02),
  champion: { signature, predictMs: 0.5 },
  challenger: { signature, predictMs: 0.6, parity: 1e-7 },
  ...change,
});
const closed = (change: Partial<GateFacts>): string[] => judgeGates(facts(change)).filter(({ passed }) => !passed).map(({ gate }) => gate); // prettier-ignore

describe('gates', () => {
  test('all pass for a proven, fast, compatible challenger, and each says what was measured', () => {
    const gates = judgeGates(facts());
    expect(gates.every(({ passed }) => passed)).toBe(true);
    expect(verdictOf(gates)).toBe('proposed');
    expect(gates.find(({ gate }) => gate === 'proven')).toEqual({ gate: 'proven', passed: true, value: 0.004, limit: 0 });
    expect(gates.find(({ gate }) => gate === 'latency')).toEqual({ gate: 'latency', passed: true, value: 0.6, limit: 1.5 });
  });

  test.each<[string, Partial<GateFacts>, string[]]>([
    ['a difference that chance explains', { comparison: compared(-0.003, 0.02) }, ['proven']],
    ['a proven loss', { comparison: compared(-0.02, -0.004) }, ['notWorse', 'proven']],
    ['too few shared rows', { comparison: compared(0.004, 0.02, 150) }, ['enoughRows']],
    ['no shared rows', { comparison: compared(0.004, 0.02, 0) }, ['sameRows', 'enoughRows']],
    ['four times the latency', { challenger: { signature, predictMs: 4, parity: 1e-7 } }, ['latency']],
    ['a file that answers differently from the trainer', { challenger: { signature, predictMs: 0.5, parity: 0.01 } }, ['parity']],
    ['unknown parity', { challenger: { signature, predictMs: 0.5, parity: null } }, ['parity']],
  ])('%s', (_, change, gates) => {
    expect(closed(change)).toEqual(gates);
    expect(verdictOf(judgeGates(facts(change)))).toBe('noImprovement');
  });

  test('for an error measure, smaller is better', () => {
    const comparison = compared(-0.02, -0.004);
    comparison.a.primaryMetric = 'rmse';
    comparison.metrics = [{ ...comparison.metrics[0]!, metric: 'rmse', verdict: 'better' }];
    expect(judgeGates(facts({ comparison })).find(({ gate }) => gate === 'proven')).toMatchObject({ passed: true, value: 0.004 });
  });

  test.each<[string, (s: ModelSignature) => ModelSignature, boolean]>([
    ['the same columns', (s) => s, true],
    ['a new optional column', (s) => ({ ...s, inputs: [...s.inputs, { ...s.inputs[1]!, name: 'city' }] }), true],
    ['a new required column', (s) => ({ ...s, inputs: [...s.inputs, { ...s.inputs[0]!, name: 'age' }] }), false],
    ['a column less', (s) => ({ ...s, inputs: s.inputs.slice(1) }), false],
    ['another type', (s) => ({ ...s, inputs: [{ ...s.inputs[0]!, onnxType: 'string' }, s.inputs[1]!] }), false],
    ['a class more', (s) => ({ ...s, classes: [...s.classes, 'Perhaps'] }), true],
    ['a class less', (s) => ({ ...s, classes: ['No'] }), false],
    ['another task', (s) => ({ ...s, task: 'regression' }), false],
  ])('callers: %s', (_, change, fits) => {
    expect(acceptsSameCallers(signature, change(signature))).toBe(fits);
  });
});

describe('cycles', () => {
  let bench: TestBench;
  let service: LearnService;
  let champion: number | null;
  let promoted: [string, number, string][];
  let work: LearnDependencies['work'];

  beforeEach(async () => {
    bench = await openTestBench();
    champion = 1;
    promoted = [];
    work = concludeWith(compared(0.004, 0.02));
    const { db, audit, clock, ids, jobs, emit } = bench;
    service = new LearnService({
      db,
      audit,
      clock,
      ids,
      jobs,
      emit,
      champion: (model) => {
        if (model !== 'churn') throw new ModelkeepError('MK_NOT_FOUND', { what: 'model', name: model });
        return champion === null ? null : version(champion);
      },
      promote: (model, to, reason) => {
        promoted.push([model, to, reason]);
        champion = to;
        return Promise.resolve();
      },
      endpointsOf: () => ['live'],
      alert: () => ({ endpoint: 'live' }),
      work: (cycle, context) => work(cycle, context),
    });
  });
  afterEach(() => bench[Symbol.asyncDispose]());

  /** What the flow does, with a given comparison. */
  function concludeWith(comparison: Comparison): LearnDependencies['work'] {
    return async ({ id }, { caller }) => {
      service.advance(id, { state: 'training', dataset: { name: 'churn', version: 2 }, runId: 'run_9' });
      service.advance(id, { state: 'comparing', challenger: { name: 'churn', version: 2 } });
      const gates = judgeGates(facts({ comparison }));
      service.conclude(id, { comparison, gates, state: verdictOf(gates) }, caller);
    };
  }

  async function cycleWith(comparison: Comparison): Promise<Cycle> {
    work = concludeWith(comparison);
    const { cycleId, jobId } = service.start({ model: 'churn', withRequests: true }, bench.caller);
    await bench.jobs.wait(jobId);
    return contract['learn.get'].result.parse(service.get(cycleId));
  }
  const decide = (id: string, decision: 'promote' | 'reject', reason = ''): Promise<Cycle> =>
    service.decide({ id, decision, reason }, bench.caller);

  test('a proven challenger is proposed; promoting moves the alias and is audited', async () => {
    const cycle = await cycleWith(compared(0.004, 0.02));
    expect(cycle).toMatchObject({
      number: 1,
      state: 'proposed',
      champion: { version: 1 },
      challenger: { version: 2 },
      endpoint: 'live',
      finishedAt: null,
    });
    expect(service.counts()).toEqual({ cycles: 1, proposals: 1 });
    const decided = await decide(cycle.id, 'promote', 'looks right');
    expect(decided).toMatchObject({ state: 'promoted', decision: { by: 'ada', reason: 'looks right' } });
    expect(promoted).toEqual([['churn', 2, 'looks right']]);
    expect((await bench.audit.list({ limit: 10 })).entries.map(({ action }) => action)).toEqual([
      'learn.decide',
      'learn.conclude',
      'learn.start',
    ]);
    expect(await decide(cycle.id, 'promote')).toEqual(decided);
    expect(promoted).toHaveLength(1);
    await expect(decide(cycle.id, 'reject')).rejects.toMatchObject({ code: 'MK_LEARN_NOT_PROPOSED' });
  });

  test('no improvement is said plainly, and promoted only with a reason', async () => {
    const cycle = await cycleWith(compared(-0.003, 0.02));
    expect(cycle).toMatchObject({ state: 'noImprovement', finishedAt: expect.any(Number) as number });
    expect(service.proposals()).toEqual([]);
    await expect(decide(cycle.id, 'promote')).rejects.toMatchObject({ code: 'MK_LEARN_REASON_MISSING' });
    expect(await decide(cycle.id, 'promote', 'new tariff, the old model cannot know it')).toMatchObject({ state: 'promoted' });
  });

  test('a gate that protects callers stays closed whatever the reason', async () => {
    const cycle = await cycleWith(compared(0.004, 0.02, 150));
    await expect(decide(cycle.id, 'promote', 'I insist')).rejects.toMatchObject({
      code: 'MK_LEARN_GATE_CLOSED',
      params: { gate: 'enoughRows' },
    });
    expect(promoted).toEqual([]);
    expect(await decide(cycle.id, 'reject', 'too few rows')).toMatchObject({ state: 'rejected' });
  });

  test('a proposal against a champion that is gone is stale', async () => {
    const cycle = await cycleWith(compared(0.004, 0.02));
    champion = 7;
    await expect(decide(cycle.id, 'promote')).rejects.toMatchObject({ code: 'MK_LEARN_STALE', params: { compared: 1, champion: 7 } });
    expect(service.get(cycle.id).state).toBe('proposed');
  });

  test('a decision that was cut off after the alias moved can be finished', async () => {
    const cycle = await cycleWith(compared(0.004, 0.02));
    champion = 2;
    expect(await decide(cycle.id, 'promote')).toMatchObject({ state: 'promoted' });
  });

  test('what goes wrong fails the cycle with its error; the next one may start', async () => {
    work = () => Promise.reject(new ModelkeepError('MK_DISK_FULL', { needed: '1 GB', free: '0 B' }));
    const { cycleId, jobId } = service.start({ model: 'churn', withRequests: true }, bench.caller);
    expect(await bench.jobs.wait(jobId)).toMatchObject({ state: 'failed', error: { code: 'MK_DISK_FULL' } });
    expect(service.get(cycleId)).toMatchObject({ state: 'failed', error: { code: 'MK_DISK_FULL', params: { free: '0 B' } } });
    expect((await cycleWith(compared(0.004, 0.02))).number).toBe(2);
  });

  test('one unfinished cycle a model; none without a champion or a model', async () => {
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    work = () => released;
    const { jobId } = service.start({ model: 'churn', withRequests: true }, bench.caller);
    expect(() => service.start({ model: 'churn', withRequests: true }, bench.caller)).toThrow(
      expect.objectContaining({ code: 'MK_LEARN_RUNNING', params: { model: 'churn', number: 1 } }),
    );
    release();
    await bench.jobs.wait(jobId);
    champion = null;
    expect(() => service.start({ model: 'churn', withRequests: true }, bench.caller)).toThrow(expect.objectContaining({ code: 'MK_LEARN_NO_CHAMPION' })); // prettier-ignore
    expect(() => service.start({ model: 'x', withRequests: true }, bench.caller)).toThrow(
      expect.objectContaining({ code: 'MK_NOT_FOUND' }),
    );
    expect(bench.jobs.list()).toHaveLength(1);
  });

  test('what the screen waits on is answered from indexes', () => {
    for (const [name, sql] of Object.entries(screenQueries)) {
      const plan = bench.db.prepare<string[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all('x');
      const text = plan.map(({ detail }) => detail).join('; ');
      expect(text, name).toMatch(/USING (COVERING )?INDEX/);
      expect(text, name).not.toMatch(/SCAN|TEMP B-TREE/);
    }
  });
});
