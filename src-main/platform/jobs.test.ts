import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { openTestBench, type TestBench } from '../testing/testBench.ts';
import { ManualClock } from './clock.ts';
import { JobEngine, type JobContext, type JobEngineOptions, type JobKind } from './jobs.ts';
import { transaction } from './sqlite.ts';

let bench: TestBench;
let engine: JobEngine;
let clock: ManualClock;

function open(options: Partial<JobEngineOptions> = {}): JobEngine {
  const made = new JobEngine(bench.db, clock, bench.emit, {
    ids: bench.ids,
    concurrency: 2,
    memoryBudgetMb: 1000,
    audit: bench.audit,
    ...options,
  });
  bench.add(() => made.close());
  return made;
}

beforeEach(async () => {
  clock = new ManualClock();
  bench = await openTestBench({ clock });
  engine = open();
});
afterEach(() => bench[Symbol.asyncDispose]());

/** Jobs that begin, and end when told. */
function steered(more: Partial<JobKind<{ name: string }, string>> = {}): { started: string[]; finish(name: string): void } {
  const started: string[] = [];
  const endings = new Map<string, () => void>();
  engine.register({
    kind: 'steered',
    subject: ({ name }) => `thing ${name}`,
    resumable: false,
    run: ({ params, signal }) =>
      new Promise((resolve, reject) => {
        started.push(params.name);
        endings.set(params.name, () => resolve(`${params.name} done`));
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
    ...more,
  });
  return { started, finish: (name) => endings.get(name)!() };
}

const start = (name: string): string => engine.start('steered', { name }, bench.caller).id;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a job runs, and its result, times and author are kept', async () => {
  const { finish } = steered();
  const id = start('a');
  expect(engine.get(id)).toMatchObject({
    state: 'queued',
    subject: 'thing a',
    createdBy: 'ada',
    createdAt: clock.now(),
    number: 1,
    cancellable: true,
  });
  await turn();
  clock.advance(5000);
  finish('a');
  expect(await engine.wait(id)).toMatchObject({
    state: 'done',
    result: 'a done',
    progress: 1,
    finishedAt: clock.now(),
    startedAt: clock.now() - 5000,
    cancellable: false,
  });
  expect(engine.list()).toHaveLength(1);
});

test('no more jobs run at once than allowed, and the next begins when one ends', async () => {
  const { started, finish } = steered({ memoryMb: 1 });
  for (const name of ['a', 'b', 'c']) start(name);
  await turn();
  expect(started).toEqual(['a', 'b']);
  expect(engine.counts()).toEqual({ running: 2, queued: 1 });
  finish('b');
  await vi.waitFor(() => expect(started).toEqual(['a', 'b', 'c']));
});

test('the memory budget holds; a job larger than all of it runs alone; nobody overtakes it', async () => {
  const { started, finish } = steered({ memoryMb: ({ name }) => Number(name.slice(1)) });
  for (const name of ['a600', 'b2000', 'c100']) start(name);
  await turn();
  expect(started).toEqual(['a600']);
  finish('a600');
  await vi.waitFor(() => expect(started).toEqual(['a600', 'b2000']));
  await turn();
  expect(started).toHaveLength(2);
  finish('b2000');
  await vi.waitFor(() => expect(started).toEqual(['a600', 'b2000', 'c100']));
});

test('higher priority first, then the order of arrival', async () => {
  const order: string[] = [];
  for (const [kind, priority] of [
    ['low', -1],
    ['normal', 0],
    ['high', 5],
  ] as const) {
    engine.register({
      kind,
      priority,
      subject: () => kind,
      resumable: false,
      memoryMb: 900,
      run: async ({ params }) => void order.push(`${kind}${String(params)}`),
    });
  }
  const last = ['low', 'normal', 'high', 'normal', 'high'].map((kind, i) => engine.start(kind, i, bench.caller).id);
  await Promise.all(last.map((id) => engine.wait(id)));
  expect(order).toEqual(['high2', 'high4', 'normal1', 'normal3', 'low0']);
});

test('a job that starts jobs and waits for them does not hold the slot that they need', async () => {
  const { finish, started } = steered();
  engine.register({
    kind: 'parent',
    subject: () => 'all',
    resumable: false,
    coordinator: true,
    run: async ({ params, caller, signal }: JobContext<string>) =>
      (await engine.wait(engine.start('steered', { name: params }, caller).id, signal)).result,
  });
  const parents = ['a', 'b', 'c', 'd'].map((name) => engine.start('parent', name, bench.caller).id);
  for (const name of ['a', 'b', 'c', 'd']) {
    await vi.waitFor(() => expect(started).toContain(name));
    finish(name);
  }
  expect((await Promise.all(parents.map((id) => engine.wait(id)))).map(({ result }) => result)).toEqual([
    'a done',
    'b done',
    'c done',
    'd done',
  ]);
});

test('our errors are kept with code and parameters; others become MK_INTERNAL and are reported', async () => {
  const faults: unknown[] = [];
  engine = open({ onFault: (kind, error) => faults.push([kind, (error as Error).message]) });
  engine.register({
    kind: 'bad',
    subject: () => 'x',
    resumable: false,
    run: () => Promise.reject(new ModelkeepError('MK_NAME_TAKEN', { name: 'n', what: 'model' })),
  });
  engine.register({ kind: 'worse', subject: () => 'x', resumable: false, run: () => Promise.reject(new TypeError('bug')) });
  expect(await engine.wait(engine.start('bad', {}, bench.caller).id)).toMatchObject({
    state: 'failed',
    error: { code: 'MK_NAME_TAKEN', params: { name: 'n' } },
  });
  expect(await engine.wait(engine.start('worse', {}, bench.caller).id)).toMatchObject({
    state: 'failed',
    error: { code: 'MK_INTERNAL', params: { operation: 'worse', detail: 'bug' } },
  });
  expect(faults).toEqual([['worse', 'bug']]);
});

test('cancel takes a job out of the queue, or stops it and resolves when it has stopped; both are audited', async () => {
  const { started } = steered({ memoryMb: 900 });
  const [running, queued] = [start('a'), start('b')];
  await turn();
  expect(await engine.cancel(queued, bench.caller)).toMatchObject({ state: 'cancelled', startedAt: null });
  expect(await engine.cancel(running, bench.caller)).toMatchObject({ state: 'cancelled', error: null });
  expect(await engine.cancel(running, bench.caller)).toMatchObject({ state: 'cancelled' });
  expect(started).toEqual(['a']);
  const { entries } = await bench.audit.list({ limit: 10 });
  expect(entries.map(({ action, subject, actor }) => [action, subject, actor])).toEqual([
    ['jobs.cancel', 'job 1', 'ada'],
    ['jobs.cancel', 'job 2', 'ada'],
  ]);
});

test('retry runs a cancelled or failed job from the start with the same parameters, and leaves others alone', async () => {
  const loaded: unknown[] = [];
  engine.register({
    kind: 'twice',
    subject: () => 'x',
    resumable: true,
    run: async ({ params, attempt, checkpoint }: JobContext<{ fail: boolean }>) => {
      loaded.push(checkpoint.load());
      checkpoint.save({ far: true });
      if (loaded.length === 1) throw new ModelkeepError('MK_NAME_INVALID', { name: '', suggestion: '' });
      return { params, attempt };
    },
  });
  const id = engine.start('twice', { fail: true }, bench.caller).id;
  await engine.wait(id);
  engine.retry(id, bench.caller);
  expect(await engine.wait(id)).toMatchObject({ state: 'done', result: { params: { fail: true }, attempt: 1 }, error: null });
  expect(loaded).toEqual([null, null]);
  expect(engine.retry(id, bench.caller)).toMatchObject({ state: 'done' });
  expect((await bench.audit.list({ limit: 9 })).entries.map(({ action }) => action)).toEqual(['jobs.retry']);
});

test('progress is shown at most four times a second and stored at most once, the last value always', async () => {
  let context!: JobContext;
  let finish!: () => void;
  engine.register({
    kind: 'long',
    subject: () => 'x',
    resumable: false,
    run: (given) => ((context = given), new Promise<void>((resolve) => (finish = resolve))),
  });
  const { id } = engine.start('long', {}, bench.caller);
  await turn();
  bench.events.length = 0;
  for (let i = 1; i <= 3000; i++) {
    clock.advance(1);
    context.progress(i / 10_000, { key: 'step', params: { i } });
  }
  const shown = bench.eventsOf('job').filter((job) => job.state === 'running');
  expect(shown.length).toBeGreaterThanOrEqual(11);
  expect(shown.length).toBeLessThanOrEqual(13);
  expect(bench.db.prepare('SELECT progress FROM jobs').pluck().get()).toBeCloseTo(0.2, 1);
  // Who asks gets the newest; and after a moment of silence the last value is shown without being asked.
  expect(engine.get(id)).toMatchObject({ progress: 0.3, note: { key: 'step', params: { i: 3000 } } });
  await vi.waitFor(() => expect(bench.eventsOf('job').at(-1)).toMatchObject({ progress: 0.3 }));
  finish();
  expect(await engine.wait(id)).toMatchObject({ progress: 1, note: { params: { i: 3000 } } });
});

test('the time left follows from the rate of this attempt, and is not guessed too early', async () => {
  let context!: JobContext;
  engine.register({
    kind: 'long',
    subject: () => 'x',
    resumable: false,
    run: ({ signal, ...rest }) => (
      (context = { signal, ...rest }),
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    ),
  });
  const { id } = engine.start('long', {}, bench.caller);
  await turn();
  context.progress(0.5); // resumed half-way: this half says nothing about the rate
  clock.advance(500);
  context.progress(0.6);
  expect(engine.get(id).etaMs).toBeNull();
  clock.advance(500);
  context.progress(0.7);
  expect(engine.get(id).etaMs).toBeCloseTo(1500, 0);
  context.progress(null);
  expect(engine.get(id)).toMatchObject({ progress: null, etaMs: null });
  context.progress(2);
  expect(engine.get(id).progress).toBe(1);
});

test('a job that is started in a transaction exists exactly if that commits', async () => {
  const { started } = steered();
  expect(() =>
    transaction(bench.db, () => {
      start('never');
      throw new Error('rolled back');
    }),
  ).toThrow('rolled back');
  const id = transaction(bench.db, () => start('a'));
  await turn();
  expect(started).toEqual(['a']);
  expect(engine.list().map((job) => job.id)).toEqual([id]);
});

test('close stops what runs: resumable jobs wait for the next start, others have failed, waiters are told', async () => {
  steered();
  engine.register({
    kind: 'resumable',
    subject: () => 'x',
    resumable: true,
    run: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
  });
  const [once, again] = [start('a'), engine.start('resumable', {}, bench.caller).id];
  await turn();
  const waiting = engine.wait(again);
  waiting.catch(() => {});
  await engine.close();
  expect(engine.get(once)).toMatchObject({ state: 'failed', error: { code: 'MK_JOB_INTERRUPTED' } });
  expect(engine.get(again)).toMatchObject({ state: 'queued', attempts: 0 });
  await expect(waiting).rejects.toMatchObject({ code: 'MK_JOB_INTERRUPTED' });
});

test('wait gives up when its signal aborts; the job goes on', async () => {
  const { finish } = steered();
  const id = start('a');
  const abort = new AbortController();
  const waiting = engine.wait(id, abort.signal);
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await turn();
  finish('a');
  expect(await engine.wait(id)).toMatchObject({ state: 'done' });
});

test('a job that is not admitted fails with the reason and has not begun', async () => {
  engine = open({ admit: () => Promise.reject(new ModelkeepError('MK_DISK_FULL', { needed: '96 MB', free: '0 B' })) });
  const { started } = steered();
  expect(await engine.wait(start('a'))).toMatchObject({ state: 'failed', error: { code: 'MK_DISK_FULL' } });
  expect(started).toEqual([]);
});

test('a result that cannot be stored is stored after room was made', async () => {
  let relieved = 0;
  const refuse = `CREATE TRIGGER refuse BEFORE UPDATE OF state ON jobs WHEN NEW.state = 'done' BEGIN SELECT RAISE(ABORT, 'full'); END`;
  engine = open({
    relieve: async () => {
      relieved++;
      bench.db.exec('DROP TRIGGER refuse');
    },
  });
  const { finish } = steered();
  const id = start('a');
  await turn();
  bench.db.exec(refuse);
  finish('a');
  expect(await engine.wait(id)).toMatchObject({ state: 'done', result: 'a done' });
  expect(relieved).toBe(1);
});

test('list filters by state, newest first; an unknown job or kind is an error', () => {
  steered();
  const ids = ['a', 'b', 'c'].map(start);
  expect(engine.list({ states: ['queued'], limit: 2 }).map(({ id }) => id)).toEqual([ids[2], ids[1]]);
  expect(engine.list({ states: ['failed'] })).toEqual([]);
  expect(() => engine.get('job_none')).toThrow(
    expect.objectContaining({ code: 'MK_NOT_FOUND', params: { what: 'job', name: 'job_none' } }),
  );
  expect(() => engine.start('none', {}, bench.caller)).toThrow('no job kind');
  expect(() => steered()).toThrow('registered twice');
});

test('the queue and the list of jobs are read through an index', () => {
  const plan = (sql: string): string =>
    (bench.db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail).join('; ');
  expect(plan(`SELECT * FROM jobs WHERE state = 'queued' ORDER BY priority DESC, number`)).toBe(
    'SEARCH jobs USING INDEX jobs_queue (state=?)',
  );
  expect(plan(`SELECT count(*) FROM jobs WHERE state IN ('running', 'queued')`)).toBe(
    'SEARCH jobs USING COVERING INDEX jobs_queue (state=?)',
  );
});
