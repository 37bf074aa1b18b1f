// What the frame shows: workspace, person, last save, audit chain, load of the machine, counts beside the rail.
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client, connection } from '../rpc/client.svelte.ts';
import { jobs } from './jobs.svelte.ts';
import { Loaded } from './loaded.svelte.ts';
import { coalesce } from './reload.ts';

const statusEveryMs = 3000;

class SystemManager {
  readonly #info = new Loaded<Result<'system.info'>>(() => client.call('system.info', {}));
  readonly #status = new Loaded<Result<'system.status'>>(() => client.call('system.status', {}));
  readonly #today = new Loaded<Result<'system.today'>>(() => client.call('system.today', {}));

  get info(): Result<'system.info'> | null {
    return this.#info.value;
  }
  get infoError(): unknown {
    return this.#info.error;
  }
  /** How this window reaches the core. */
  readonly connectionName = connection.name;
  get status(): Result<'system.status'> | null {
    return this.#status.value;
  }
  /** Counts and inbox; shared by the rail and the Today view. */
  get today(): Loaded<Result<'system.today'>> {
    return this.#today;
  }

  /** Loads now and keeps fresh until the returned function is called. */
  start(): () => void {
    const askStatus = coalesce(this.#status.reload, 300);
    const askToday = coalesce(this.#today.reload, 500);
    const loadAll = (): void => {
      void this.#info.reload();
      void this.#status.reload();
      void this.#today.reload();
      // The list of jobs is a hint for the status bar; a view that needs it shows its own error.
      jobs.load().catch(() => {});
    };
    loadAll();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') askStatus();
    }, statusEveryMs);
    const stops = [
      client.on('changed', () => {
        askStatus();
        askToday();
      }),
      client.on('job', ({ state }) => {
        if (state === 'running') return;
        askStatus();
        askToday();
      }),
      connection.onReturn(loadAll),
    ];
    return () => {
      clearInterval(timer);
      stops.forEach((stop) => stop());
    };
  }
}

export const system = new SystemManager();
