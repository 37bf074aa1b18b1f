// A training run before it starts: what is chosen, what is still missing, and the request that it makes.
import { namePattern } from '../../src-shared/domain/names.ts';
import type { Holdout, Learner, TrainRequest } from '../../src-shared/domain/training.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { splitRows } from './leaderboard.ts';
import { Loaded } from './loaded.svelte.ts';
import { TargetChoice, targetOfKey, type Target } from './targetChoice.svelte.ts';

export const learners: readonly Learner[] = ['baseline', 'linear', 'mlp'];
/** Offered lengths; any other comes from the address or a run that is repeated. */
export const budgetsMs = [15_000, 60_000, 300_000, 1_200_000, 3_600_000] as const;
export type Missing = 'target' | 'time' | 'learners' | 'fractions' | 'name';

export class TrainForm {
  readonly choice = new TargetChoice();
  readonly specs = new Loaded<Result<'features.list'>>(() => client.call('features.list', {}));
  readonly models = new Loaded<Result<'registry.list'>>(() => client.call('registry.list', {}));
  target = $state.raw<Target | null>(null);
  /** A saved spec, `churn@2`; null: proposed automatically. */
  spec = $state<string | null>(null);
  budgetMs = $state<number>(60_000);
  holdout = $state<Holdout['kind']>('stratified');
  timeColumn = $state<string | null>(null);
  validationPercent = $state<number | null>(15);
  testPercent = $state<number | null>(20);
  learners = $state<Learner[]>([...learners]);
  seed = $state<number | null>(1);
  registerAs = $state('');
  compareWith = $state<string | null>(null);
  #olderSpec = $state.raw<Result<'features.list'>[number] | null>(null);
  #starting = $state(false);
  #error = $state.raw<unknown>(null);

  readonly load = async (): Promise<void> => {
    await Promise.all([this.choice.load(), this.specs.reload(), this.models.reload()]);
  };

  get starting(): boolean {
    return this.#starting;
  }
  get error(): unknown {
    return this.#error;
  }
  get timeColumns(): string[] {
    return (this.choice.info?.columns ?? []).filter(({ type }) => type === 'date' || type === 'timestamp').map(({ name }) => name);
  }
  /** Saved specs of this dataset and target. */
  get fittingSpecs(): Result<'features.list'> {
    const { dataset } = this.choice;
    return (this.specs.value ?? []).filter(({ spec }) => spec.dataset.name === dataset?.name && spec.dataset.version === dataset.version);
  }
  /** About how many rows learn, choose and judge. */
  get rows(): { train: number; validation: number; test: number } | null {
    const { info } = this.choice;
    const frozen = this.target?.kind === 'labels' ? this.#frozen(this.target) : null;
    const rows = frozen?.labels ?? info?.rows;
    return rows === undefined
      ? null
      : splitRows(rows, { validationFraction: (this.validationPercent ?? 0) / 100, testFraction: (this.testPercent ?? 0) / 100 });
  }
  get missing(): Missing | null {
    const inLimits = (percent: number | null): boolean => percent !== null && percent >= 5 && percent <= 40;
    if (!this.target || !this.choice.dataset) return 'target';
    if (this.holdout === 'temporal' && !this.timeColumn) return 'time';
    if (this.learners.length === 0) return 'learners';
    if (!inLimits(this.validationPercent) || !inLimits(this.testPercent)) return 'fractions';
    return this.registerAs !== '' && !namePattern.test(this.registerAs) ? 'name' : null;
  }

  /** Follows the address: dataset, version, target, spec. A spec brings its own dataset and target. */
  follow(query: URLSearchParams): void {
    this.spec = query.get('spec');
    if (this.specs.value) void this.#readSpec();
    const saved = this.#savedSpec();
    this.choice.choose(saved?.spec.dataset.name ?? query.get('dataset'), saved?.spec.dataset.version ?? Number(query.get('version')));
    const labels = query.get('labels');
    this.target =
      saved?.spec.target ??
      (labels === null
        ? targetOfKey(query.get('target'))
        : { kind: 'labels', labelSet: labels, version: Number(query.get('labelVersion') ?? 1) });
  }

  /** Takes the column that the data stage takes for the target, while nothing else was chosen. */
  takeHint(): void {
    const { hint } = this.choice;
    if (this.target === null && hint !== null && this.choice.targetColumns.includes(hint)) this.target = { kind: 'column', column: hint };
  }

  async start(): Promise<Result<'train.start'> | null> {
    const request = this.#request();
    if (!request || this.#starting) return null;
    this.#starting = true;
    this.#error = null;
    try {
      return await client.call('train.start', request);
    } catch (error) {
      this.#error = error;
      return null;
    } finally {
      this.#starting = false;
    }
  }

  #request(): TrainRequest | null {
    const { dataset } = this.choice;
    if (this.missing || !dataset || !this.target) return null;
    const fractions = { validationFraction: (this.validationPercent ?? 15) / 100, testFraction: (this.testPercent ?? 20) / 100 };
    const spec = this.#savedSpec()?.spec;
    return {
      dataset,
      target: this.target,
      holdout:
        this.holdout === 'temporal' && this.timeColumn
          ? { kind: 'temporal', timeColumn: this.timeColumn, ...fractions }
          : { kind: 'stratified', ...fractions },
      learners: learners.filter((learner) => this.learners.includes(learner)),
      timeBudgetMs: this.budgetMs,
      ...(this.seed === null ? {} : { seed: this.seed }),
      ...(spec ? { spec } : {}),
      ...(this.registerAs === '' ? {} : { registerAs: this.registerAs }),
      ...(this.compareWith === null ? {} : { compareWith: this.compareWith }),
    };
  }

  /** The chosen spec: from the list, or read by itself when it is an older version. */
  #savedSpec(): Result<'features.list'>[number] | undefined {
    const [, name, version] = /^(.+)@(\d+)$/.exec(this.spec ?? '') ?? [];
    const fits = (one: { name: string; version: number }): boolean => one.name === name && one.version === Number(version);
    return this.specs.value?.find(fits) ?? (this.#olderSpec && fits(this.#olderSpec) ? this.#olderSpec : undefined);
  }

  async #readSpec(): Promise<void> {
    const [, name, version] = /^(.+)@(\d+)$/.exec(this.spec ?? '') ?? [];
    if (name === undefined || this.#savedSpec()) return;
    try {
      this.#olderSpec = await client.call('features.get', { name, version: Number(version) });
    } catch (error) {
      this.#error = error;
    }
  }

  #frozen({ labelSet, version }: Extract<Target, { kind: 'labels' }>): { labels: number } | undefined {
    return this.choice.frozen.find((one) => one.labelSet === labelSet && one.version === version);
  }
}
