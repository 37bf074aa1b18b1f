// A whole core over a fresh workspace, asked through the dispatch that every shell uses, with the real child processes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '../../src-shared/domain/job.ts';
import { createClient, type Client } from '../../src-shared/rpc/client.ts';
import { createCore, type Core } from '../core.ts';

const lookEveryMs = 100;

export class TestCore implements AsyncDisposable {
  /** Holds the workspace, and files of the test. */
  readonly folder: string;
  readonly core: Core;
  readonly client: Client;

  /** Endpoints listen on a port that is free. */
  static async open(): Promise<TestCore> {
    process.env.MODELKEEP_SERVE_PORT = '0';
    const folder = mkdtempSync(join(tmpdir(), 'modelkeep-core-'));
    return new TestCore(folder, await createCore({ workspaceFolder: join(folder, 'w'), shell: 'headless', actor: 'ada' }));
  }

  private constructor(folder: string, core: Core) {
    this.folder = folder;
    this.core = core;
    this.client = createClient({ send: (request) => core.dispatch(request), onEvent: (listener) => core.onEvent(listener) });
  }

  /** Waits for a job; throws what it failed with. */
  async finish(jobId: string): Promise<Job> {
    for (;;) {
      const job = await this.client.call('jobs.get', { id: jobId });
      if (job.state === 'done') return job;
      if (job.state === 'failed' || job.state === 'cancelled') throw new Error(`${job.kind} ${job.state}: ${JSON.stringify(job.error)}`);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.core.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
