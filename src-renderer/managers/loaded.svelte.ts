// One answer of the core as reactive state: loading, there, failed, stale. Most managers hold one or a few of these.
import { client, connection } from '../rpc/client.svelte.ts';
import type { EventData } from '../../src-shared/rpc/events.ts';
import { coalesce } from './reload.ts';

export type ChangedArea = EventData<'changed'>['area'];

export class Loaded<T> {
  readonly #load: () => Promise<T>;
  #value = $state.raw<T | null>(null);
  #error = $state.raw<unknown>(null);
  #loading = $state(false);
  #loadedAt = $state<number | null>(null);
  #run = 0;

  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** The newest answer; stays while it is loaded again, and when that fails. */
  get value(): T | null {
    return this.#value;
  }
  /** Why the last load failed; null after a success. With a `value`, that value is stale. */
  get error(): unknown {
    return this.#error;
  }
  get loading(): boolean {
    return this.#loading;
  }
  get loadedAt(): number | null {
    return this.#loadedAt;
  }

  /** Loads; never rejects. An older answer that comes late is dropped. */
  readonly reload = async (): Promise<void> => {
    const run = ++this.#run;
    this.#loading = true;
    try {
      const value = await this.#load();
      if (run !== this.#run) return;
      this.#value = value;
      this.#error = null;
      this.#loadedAt = Date.now();
    } catch (error) {
      if (run === this.#run) this.#error = error;
    } finally {
      if (run === this.#run) this.#loading = false;
    }
  };

  /** Puts an answer that a write already brought. */
  set(value: T): void {
    this.#run++;
    this.#value = value;
    this.#error = null;
    this.#loading = false;
    this.#loadedAt = Date.now();
  }
}

/** Calls `load` now, when one of the areas changed, and when the connection comes back, while the component lives. */
export function keepFresh(load: () => Promise<void>, ...changedAreas: ChangedArea[]): void {
  $effect(() => {
    const ask = coalesce(load, 250);
    void load();
    const stops = [client.on('changed', ({ area }) => changedAreas.includes(area) && ask()), connection.onReturn(ask)];
    return () => stops.forEach((stop) => stop());
  });
}
