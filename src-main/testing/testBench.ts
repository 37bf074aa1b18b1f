// A real workspace in a temporary folder with everything that a service is constructed from; for tests only.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Caller } from '../../src-shared/rpc/contract.ts';
import type { Emit, EventData, Topic } from '../../src-shared/rpc/events.ts';
import { AuditLog } from '../govern/audit.ts';
import { migrations } from '../migrations/index.ts';
import { systemClock, type Clock } from '../platform/clock.ts';
import { DisposableStore } from '../platform/disposable.ts';
import { JobEngine } from '../platform/jobs.ts';
import { startWorker, type StartWorker } from '../platform/processHost.ts';
import { timeOrderedIds, type Ids } from '../platform/random.ts';
import { openWorkspace, type Workspace } from '../platform/workspace.ts';

export interface TestBench extends AsyncDisposable {
  folder: string;
  workspace: Workspace;
  db: Workspace['db'];
  blobs: Workspace['blobs'];
  clock: Clock;
  ids: Ids;
  audit: AuditLog;
  jobs: JobEngine;
  startWorker: StartWorker;
  caller: Caller;
  emit: Emit;
  /** Everything that was emitted, oldest first. */
  events: { topic: Topic; data: unknown }[];
  eventsOf<T extends Topic>(topic: T): EventData<T>[];
  /** Closed before the workspace, in reverse order. */
  add: DisposableStore['add'];
}

/** Call `jobs.recover()` after registering kinds if the queue should run what an earlier engine left. Dispose with `await using` or in afterEach. */
export async function openTestBench({ clock = systemClock, folder }: { clock?: Clock; folder?: string } = {}): Promise<TestBench> {
  const root = folder ?? (await mkdtemp(join(tmpdir(), 'modelkeep-')));
  const workspace = await openWorkspace(root, { clock, migrations, ballastBytes: 0 });
  const store = new DisposableStore();
  const events: TestBench['events'] = [];
  const emit: Emit = (topic, data) => void events.push({ topic, data });
  const ids = timeOrderedIds(clock);
  const audit = new AuditLog(workspace.db, clock);
  const jobs = new JobEngine(workspace.db, clock, emit, { ids, concurrency: 2, memoryBudgetMb: 2048, audit });
  store.add(async () => {
    await workspace.close();
    if (!folder) await rm(root, { recursive: true, force: true });
  });
  store.add(() => jobs.close());
  return {
    folder: root,
    workspace,
    db: workspace.db,
    blobs: workspace.blobs,
    clock,
    ids,
    audit,
    jobs,
    startWorker,
    caller: { actor: 'ada', shell: 'cli' },
    emit,
    events,
    eventsOf: (topic) => events.filter((event) => event.topic === topic).map(({ data }) => data as never),
    add: (item) => store.add(item),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
