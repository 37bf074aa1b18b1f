// Which data, to predict what: the choice that feature specs and training start from. The address holds it.
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export { targetKey, targetOfKey, type Target } from './targetKey.ts';

export interface FrozenLabels {
  labelSet: string;
  version: number;
  labels: number;
}

export class TargetChoice {
  readonly datasets = new Loaded<Result<'data.list'>>(() => client.call('data.list', {}));
  readonly #sets = new Loaded<Result<'label.list'>>(() => client.call('label.list', {}));
  #info = $state.raw<Result<'data.get'> | null>(null);
  #error = $state.raw<unknown>(null);
  #wanted = '';

  readonly load = async (): Promise<void> => {
    await Promise.all([this.datasets.reload(), this.#sets.reload()]);
  };

  /** The chosen version with its columns. */
  get info(): Result<'data.get'> | null {
    return this.#info;
  }
  get dataset(): { name: string; version: number } | null {
    return this.#info && { name: this.#info.dataset, version: this.#info.version };
  }
  get error(): unknown {
    return this.#error;
  }
  /** Column that the data stage takes for the target. */
  get hint(): string | null {
    return this.datasets.value?.find(({ dataset }) => dataset === this.#info?.dataset)?.targetHint ?? null;
  }
  /** Versions of label sets that were frozen for this very version of the data, newest first. */
  get frozen(): FrozenLabels[] {
    const of = this.dataset;
    return (this.#sets.value ?? [])
      .filter(({ dataset }) => dataset.name === of?.name && dataset.version === of.version)
      .flatMap(({ name, versions }) => versions.map(({ version, labels }) => ({ labelSet: name, version, labels })).toReversed());
  }
  /** Columns that can be predicted. */
  get targetColumns(): string[] {
    const names = (this.#info?.columns ?? []).filter(({ type }) => !unpredictable.has(type)).map(({ name }) => name);
    const { hint } = this;
    return hint !== null && names.includes(hint) ? [hint, ...names.filter((name) => name !== hint)] : names;
  }

  /** Takes the named version, or the newest of the first dataset. The same choice again changes nothing. */
  choose(name: string | null, version: number): void {
    const list = this.datasets.value;
    const entry = list?.find(({ dataset }) => dataset === name) ?? list?.[0];
    if (!entry) return;
    const wantedVersion = entry.dataset === name && Number.isInteger(version) && version > 0 ? version : entry.version;
    const wanted = `${entry.dataset}@${wantedVersion}`;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#error = null;
    client.call('data.get', { name: entry.dataset, version: wantedVersion }).then(
      (info) => {
        if (this.#wanted === wanted) this.#info = info;
      },
      (error: unknown) => {
        if (this.#wanted !== wanted) return;
        this.#error = error;
        this.#wanted = '';
      },
    );
  }
}

const unpredictable = new Set(['image', 'identifier', 'text']);
