// The child's side of a process: answers requests, and ends when its parent does.
import { Worker } from 'node:worker_threads';
import { isModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import type { JobNote } from './jobStore.ts';
import { memoryReportVariable, type FromWorker, type ToWorker } from './workerMessages.ts';

export interface OperationContext {
  /** Aborts when the parent no longer wants the answer. */
  signal: AbortSignal;
  progress(fraction: number | null, note?: JobNote): void;
}

// Parameters come from our own parent process; each operation states what it takes.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Operations = Record<string, (params: any, context: OperationContext) => unknown>;

export interface WorkerServer {
  /** Tells the parent something without being asked. */
  emit(event: string, data: unknown): void;
}

interface ParentPort {
  on(event: 'message', listener: (event: { data: ToWorker }) => void): void;
  postMessage(message: FromWorker): void;
}

const closeWithinMs = 5000;

export interface ServeOptions {
  close?: () => void | Promise<void>;
  /** When the thread starts that ends a child stuck in native code; 0 for children that run foreign models from the first moment. Default 1,000. */
  watchParentAfterMs?: number;
}

/** Serves `operations` until the parent closes or goes; `close` then has five seconds to put things in order. */
export function serveWorker(operations: Operations, { close, watchParentAfterMs = 1000 }: ServeOptions = {}): WorkerServer {
  const { parentPort } = process as unknown as { parentPort?: ParentPort };
  const post = parentPort ? (message: FromWorker) => parentPort.postMessage(message) : sendToParent;
  const running = new Map<number, AbortController>();
  let ending = false;

  const end = (): void => {
    if (ending) return;
    ending = true;
    for (const abort of running.values()) abort.abort();
    setTimeout(() => process.exit(1), closeWithinMs).unref();
    void Promise.resolve(close?.()).then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };

  const onMessage = (message: ToWorker): void => {
    if (message.type === 'close') end();
    else if (message.type === 'cancel') running.get(message.id)?.abort();
    else void answer(message);
  };

  const answer = async ({ id, op, params }: Extract<ToWorker, { type: 'request' }>): Promise<void> => {
    const abort = new AbortController();
    running.set(id, abort);
    try {
      const operation = Object.hasOwn(operations, op) ? operations[op] : undefined;
      if (!operation) throw new Error(`no operation “${op}”`);
      const progress = (fraction: number | null, note?: JobNote): void => post({ type: 'progress', id, fraction, note });
      post({ type: 'result', id, result: await operation(params, { signal: abort.signal, progress }) });
    } catch (error) {
      post({ type: 'error', id, error: abort.signal.aborted ? { code: 'MK_JOB_CANCELLED', params: {} } : describe(op, error) });
    } finally {
      running.delete(id);
    }
  };

  if (parentPort) {
    parentPort.on('message', ({ data }) => onMessage(data));
  } else if (process.send) {
    process.on('message', onMessage as (message: unknown) => void);
    process.on('disconnect', end);
  } else {
    console.error('This program is started by Modelkeep itself; use "npm start" or "npm run cli".');
    process.exit(2);
  }
  process.on('SIGTERM', end);
  process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; the parent decides
  if (process.env[memoryReportVariable]) {
    setInterval(() => post({ type: 'memory', rssBytes: process.memoryUsage.rss() }), 500).unref();
  }
  if (watchParentAfterMs === 0) watchParent();
  else setTimeout(watchParent, watchParentAfterMs).unref();
  return { emit: (event, data) => post({ type: 'event', event, data }) };
}

function sendToParent(message: FromWorker): void {
  if (process.connected) process.send!(message);
}

function describe(op: string, error: unknown): { code: string; params: Record<string, string | number | boolean> } {
  if (isModelkeepError(error)) return { code: error.code, params: error.params };
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL') return { code: 'MK_DISK_FULL', params: { needed: '?', free: '?' } };
  console.error(op, error); // the parent writes it to the log
  return { code: 'MK_INTERNAL', params: { operation: op, detail: error instanceof Error ? error.message : String(error) } };
}

/** A child that is stuck in native code never sees its parent go; this thread does, and ends the process. Started late: short lives need none. */
function watchParent(): void {
  const code = `
    const { workerData } = require('node:worker_threads');
    const gone = () => { try { process.kill(workerData.parent, 0); return process.ppid !== workerData.parent; } catch { return true; } };
    setInterval(() => { if (gone()) setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${closeWithinMs} + 1000); }, 1000);
  `;
  const thread = new Worker(code, {
    eval: true,
    workerData: { parent: process.ppid },
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  thread.unref();
}
