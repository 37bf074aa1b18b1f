// Today: what needs this person, what runs, how the endpoints and the business are doing.
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';
import { system } from './system.svelte.ts';

export type InboxItem = Result<'system.today'>['inbox'][number];

export class TodayManager {
  readonly endpoints = new Loaded<Result<'serve.list'>>(() => client.call('serve.list', {}));
  readonly metrics = new Loaded<Result<'advise.metrics'>>(() => client.call('advise.metrics', {}));

  readonly load = async (): Promise<void> => {
    await Promise.all([this.endpoints.reload(), this.metrics.reload()]);
  };

  async snooze(itemId: string, untilMs: number): Promise<void> {
    await client.call('system.snooze', { itemId, untilMs });
    await system.today.reload();
  }
}

/** Eight o'clock of the next day, local time. */
export function tomorrowMorning(now: Date): number {
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, 8).getTime();
}
