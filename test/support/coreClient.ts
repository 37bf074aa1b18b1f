// A typed client over the core's local socket, as the command line uses it; it connects again after a crash.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { coreAddress, onFrames, sendFrame } from '../../src-main/platform/framedSocket.ts';
import type { Job } from '../../src-shared/domain/job.ts';
import { createClient, type Call, type Client } from '../../src-shared/rpc/client.ts';
import { eventSchema, failure, RpcError, type RpcEvent, type Transport } from '../../src-shared/rpc/envelope.ts';
import { PendingRequests } from '../../src-shared/rpc/pending.ts';

class SocketTransport implements Transport {
  readonly #address: string;
  readonly #pending = new PendingRequests();
  readonly #listeners = new Set<(event: RpcEvent) => void>();
  #socket: Socket | null = null;

  constructor(workspaceFolder: string) {
    this.#address = coreAddress(workspaceFolder);
  }

  async send(request: { id: number; method: string; params?: unknown }): Promise<unknown> {
    const socket = await this.#connected();
    if (!socket) return failure(request.id, 'MK_DISCONNECTED');
    return this.#pending.add({ params: undefined, ...request }, (copy) => sendFrame(socket, copy));
  }

  onEvent(listener: (event: RpcEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#socket?.destroy();
  }

  async #connected(): Promise<Socket | null> {
    if (this.#socket && !this.#socket.destroyed) return this.#socket;
    const socket = connect(this.#address);
    const opened = await new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)));
    if (!opened) return null;
    this.#socket = socket;
    onFrames(socket, (message) => {
      const event = eventSchema.safeParse(message);
      if (event.success) for (const listener of this.#listeners) listener(event.data);
      else this.#pending.settle(message as Parameters<PendingRequests['settle']>[0]);
    });
    socket.on('error', () => socket.destroy()).on('close', () => this.#pending.failAll('MK_CORE_EXITED'));
    return socket;
  }
}

export interface CoreClient extends Client {
  /** Waits until the job has ended; throws its error when it failed. */
  finished(jobId: string, timeoutMs?: number): Promise<Job>;
  close(): void;
}

export function connectToCore(workspaceFolder: string): CoreClient {
  const transport = new SocketTransport(workspaceFolder);
  const client = createClient(transport);
  return { ...client, finished: (jobId, timeoutMs) => jobFinished(client.call, jobId, timeoutMs), close: () => transport.close() };
}

/** True for errors that say nothing about whether the work was done: the core went away. */
export function isLostAnswer(error: unknown): boolean {
  return error instanceof RpcError && (error.code === 'MK_CORE_EXITED' || error.code === 'MK_DISCONNECTED');
}

async function jobFinished(call: Call, id: string, timeoutMs = 240_000): Promise<Job> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const job = await call('jobs.get', { id }).catch((error: unknown) => {
      if (!isLostAnswer(error)) throw error;
      return null;
    });
    if (job?.state === 'done') return job;
    if (job?.state === 'failed' || job?.state === 'cancelled') throw new RpcError(job.error ?? { code: 'MK_JOB_CANCELLED', params: {} });
    if (Date.now() > deadline) throw new Error(`Job ${id} is still ${job?.state} after ${timeoutMs} ms`);
    await sleep(100);
  }
}
