// What this machine is and whether it is healthy; asked for when the page opens and on demand, for it starts processes to try things.
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type Report = Result<'system.doctor'>;
export type Check = Report['checks'][number];

export class HardwareManager {
  #tookMs = $state<number | null>(null);
  readonly report = new Loaded<Report>(async () => {
    const start = performance.now();
    const report = await client.call('system.doctor', {});
    this.#tookMs = performance.now() - start;
    return report;
  });
  readonly connections = new Loaded<Result<'system.connections'>>(() => client.call('system.connections', {}));

  /** How long the last examination took, with the way there and back. */
  get tookMs(): number | null {
    return this.#tookMs;
  }
  /** Broken first, then what to look at, then what is fine. */
  get checks(): Check[] {
    return (this.report.value?.checks ?? []).toSorted((a, b) => order[a.state] - order[b.state]);
  }
  count(state: Check['state']): number {
    return this.checks.filter((check) => check.state === state).length;
  }
  /** A figure of a check, if it is there. */
  figure(check: string, name: string): number | null {
    const value = this.report.value?.checks.find((one) => one.check === check)?.params[name];
    return typeof value === 'number' ? value : null;
  }

  readonly load = async (): Promise<void> => {
    await Promise.all([this.report.reload(), this.connections.reload()]);
  };
}

const order: Record<Check['state'], number> = { critical: 0, watch: 1, ok: 2 };
