// Feature specs: the saved ones, and one that is being made from a dataset and a target.
import type { FeatureRule, FeatureSpec } from '../../src-shared/domain/features.ts';
import type { Params, Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type SavedSpec = Result<'features.list'>[number];
export type Proposal = Result<'features.propose'>;

export class SpecsManager {
  readonly list = new Loaded<SavedSpec[]>(() => client.call('features.list', {}));
  readonly load = (): Promise<void> => this.list.reload();
}

/** A saved version; without `version` the newest. */
export class SpecManager {
  readonly spec: Loaded<Result<'features.get'>>;
  constructor(name: string, version?: number) {
    this.spec = new Loaded(() => client.call('features.get', { name, ...(version === undefined ? {} : { version }) }));
  }
  readonly load = (): Promise<void> => this.spec.reload();
}

/** Rules under the hand of a person: proposed or saved ones, changed one by one, saved as a named version. */
export class SpecDraft {
  readonly proposal: Loaded<Proposal>;
  #rules = $state.raw<readonly FeatureRule[]>([]);
  /** Why the saved rules could not be read. */
  #fromError = $state.raw<unknown>(null);
  #changed = $state.raw<ReadonlySet<string>>(new Set());

  readonly #from: string | null;

  /** `from`: a saved version, `churn@2`, whose rules are the start; columns that it does not know keep what is proposed. */
  constructor(params: Params<'features.propose'>, from: string | null = null) {
    this.#from = from;
    this.proposal = new Loaded(() => client.call('features.propose', params));
  }

  get rules(): readonly FeatureRule[] {
    return this.#rules;
  }
  /** The spec as it would be saved; null until the proposal is there. */
  get spec(): FeatureSpec | null {
    const spec = this.proposal.value?.spec;
    return spec ? { ...spec, rules: [...this.#rules] } : null;
  }
  get fromError(): unknown {
    return this.#fromError;
  }
  get changedColumns(): ReadonlySet<string> {
    return this.#changed;
  }

  readonly load = async (): Promise<void> => {
    await this.proposal.reload();
    const spec = this.proposal.value?.spec;
    if (!spec || this.#changed.size > 0) return;
    this.#rules = spec.rules;
    const [, name, version] = /^(.+)@(\d+)$/.exec(this.#from ?? '') ?? [];
    if (name === undefined) return;
    try {
      const saved = await client.call('features.get', { name, version: Number(version) });
      for (const rule of saved.spec.rules) {
        const now = this.#rules.find(({ column }) => column === rule.column);
        if (now && JSON.stringify(now) !== JSON.stringify(rule)) this.change(rule);
      }
    } catch (error) {
      this.#fromError = error;
    }
  };

  change(rule: FeatureRule): void {
    this.#rules = this.#rules.map((one) => (one.column === rule.column ? rule : one));
    this.#changed = new Set([...this.#changed, rule.column]);
  }

  /** Back to what was proposed. */
  reset(column: string): void {
    const proposed = this.proposal.value?.spec.rules.find((rule) => rule.column === column);
    if (proposed) this.#rules = this.#rules.map((one) => (one.column === column ? proposed : one));
    this.#changed = new Set([...this.#changed].filter((one) => one !== column));
  }

  save(name: string): Promise<SavedSpec> {
    if (!this.spec) throw new Error('There is no spec yet');
    return client.call('features.save', { name, spec: $state.snapshot(this.spec) as FeatureSpec });
  }
}
