// A training run before it starts: what is chosen, what is still missing, and the request that it makes.
import { namePattern } from '../../src-shared/domain/names.ts';
import {
  classLearners,
  labelLearners,
  metricsOf,
  quantileLevels,
  rankingLearners,
  searchLearners,
  type FoldPlan,
  type Holdout,
  type Learner,
  type MetricName,
  type Objective,
  type SearchPlan,
  type TrainRequest,
} from '../../src-shared/domain/training.ts';
import { targetColumns, taskOfTarget } from '../../src-shared/domain/target.ts';
import type { Problem } from '../../src-shared/domain/problem.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import type { History } from '../../src-shared/domain/history.ts';
import { ForecastChoice } from './forecastChoice.svelte.ts';
import { gridOf, gridSize, usualTexts } from './gridValues.ts';
import { splitRows } from './leaderboard.ts';
import { Loaded } from './loaded.svelte.ts';
import { TargetChoice, targetOfKey, type Target } from './targetChoice.svelte.ts';

/** `auto`: by the number of rows, the budget, and whether the test rows are the newest. */
export type FoldChoice = 'auto' | FoldPlan['kind'];
/** Of a run that is not told. */
const usualLevel = 0.9;
const usualFractions = { validationFraction: 0.15, testFraction: 0.2 };
export const searchMethods: readonly SearchPlan['method'][] = ['tpe', 'random', 'portfolio', 'grid'];
/** What is predicted, as far as it changes what can be asked for. */
export type AnswerKind = 'class' | 'number' | 'labels' | 'ranking';
/** Offered to rank by; a run shows all others, too. */
export const rankingMetrics: Record<AnswerKind, readonly MetricName[]> = {
  class: ['auc', 'logLoss', 'accuracy', 'balancedAccuracy', 'f1', 'averagePrecision', 'mcc', 'brier', 'lift10'],
  number: ['rmse', 'mae', 'r2', 'medianAbsoluteError', 'mape', 'rmsle', 'poissonDeviance'],
  labels: metricsOf('multilabel'),
  ranking: metricsOf('ranking'),
};
export const objectiveKinds: readonly Objective['kind'][] = ['squared', 'absolute', 'huber', 'quantile', 'poisson', 'gamma', 'tweedie'];
export type QuantileLevel = (typeof quantileLevels)[number];
/** Offered lengths; any other comes from the address or a run that is repeated. */
export const budgetsMs = [15_000, 60_000, 300_000, 1_200_000, 3_600_000] as const;
export type Missing = 'target' | 'time' | 'learners' | 'fractions' | 'name' | 'folds' | 'group' | 'grid' | 'delta' | 'power' | 'interval';

export class TrainForm {
  readonly choice = new TargetChoice();
  readonly specs = new Loaded<Result<'features.list'>>(() => client.call('features.list', {}));
  readonly models = new Loaded<Result<'registry.list'>>(() => client.call('registry.list', {}));
  target = $state.raw<Target | null>(null);
  /** A saved spec, `churn@2`; null: proposed automatically. */
  spec = $state<string | null>(null);
  budgetMs = $state<number>(60_000);
  /** `auto`: as the rows suggest (times, groups), with the usual shares. */
  holdout = $state<Holdout['kind'] | 'auto'>('auto');
  timeColumn = $state<string | null>(null);
  validationPercent = $state<number | null>(15);
  testPercent = $state<number | null>(20);
  learners = $state<Learner[]>([...searchLearners]);
  folds = $state<FoldChoice>('auto');
  foldCount = $state<number | null>(5);
  groupColumn = $state<string | null>(null);
  /** Null: by the task. */
  metric = $state<MetricName | null>(null);
  method = $state<SearchPlan['method']>('tpe');
  /** By `gridKey`. */
  gridTexts = $state<Record<string, string>>(usualTexts());
  /** Null: as many as the time allows. */
  maxCandidates = $state<number | null>(null);
  ensemble = $state(true);
  distill = $state(false);
  /** For numbers. */
  objective = $state<Objective['kind']>('squared');
  quantileLevel = $state<QuantileLevel>(0.9);
  /** In units of the target, so there is no usual value. */
  huberDelta = $state<number | null>(null);
  tweediePower = $state<number | null>(1.5);
  /** For classes. */
  balanced = $state(false);
  weightColumn = $state<string | null>(null);
  withInterval = $state(true);
  intervalPercent = $state<number | null>(90);
  seed = $state<number | null>(1);
  registerAs = $state('');
  compareWith = $state<string | null>(null);
  /** What the rows say about the target; null before one is chosen. */
  #proposal = $state.raw<Loaded<Result<'features.propose'>> | null>(null);
  #proposalOf = '';
  #questionOf = '';
  readonly forecast = new ForecastChoice();
  /** What the table is a forecasting table by; kept while it is looked at again. */
  #series = $state.raw<History | null>(null);
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
  get proposal(): Loaded<Result<'features.propose'>> | null {
    return this.#proposal;
  }
  get problem(): Problem | null {
    return this.#proposal?.value?.problem ?? null;
  }
  /** What is predicted: as the rows say, before they are read as the type of the column does; null: it may be either. */
  get kind(): AnswerKind | null {
    const byTarget = this.target && taskOfTarget(this.target);
    if (byTarget) return byTarget === 'multilabel' ? 'labels' : 'ranking';
    const task = this.#savedSpec()?.spec.task ?? this.#proposal?.value?.spec.task;
    if (task) return task === 'regression' ? 'number' : 'class';
    const { target } = this;
    if (target?.kind === 'labels') return 'class';
    const type = target?.kind === 'column' && this.choice.info?.columns.find(({ name }) => name === target.column)?.type;
    return type === 'number' ? 'number' : type === 'boolean' || type === 'category' ? 'class' : null;
  }
  supports(learner: Learner): boolean {
    if (this.kind === 'labels') return labelLearners.includes(learner);
    if (this.kind === 'ranking') return rankingLearners.includes(learner);
    return this.kind !== 'number' || !classLearners.includes(learner);
  }
  /** Those that will compete. */
  get competing(): Learner[] {
    return searchLearners.filter((learner) => this.learners.includes(learner) && this.supports(learner));
  }
  get grid(): NonNullable<SearchPlan['grid']> {
    return gridOf(this.competing, this.gridTexts);
  }
  get gridSize(): number {
    return gridSize(this.competing, this.grid);
  }
  /** Columns whose rows may belong together. */
  get groupColumns(): string[] {
    return (this.choice.info?.columns ?? [])
      .filter(({ type, name }) => type !== 'image' && !this.#targetColumns.includes(name))
      .map(({ name }) => name);
  }
  /** Columns that can say how much a row counts. */
  get weightColumns(): string[] {
    return (this.choice.info?.columns ?? [])
      .filter(({ type, name }) => (type === 'number' || type === 'integer') && !this.#targetColumns.includes(name))
      .map(({ name }) => name);
  }
  /** Metrics that candidates of this run can be ranked by. */
  get rankingMetrics(): MetricName[] {
    const kinds = this.kind === null ? (['class', 'number'] as const) : [this.kind];
    const ofLevel = this.#isNumber && this.objective === 'quantile' && this.quantileLevel !== 0.5 ? [pinballOf(this.quantileLevel)] : [];
    return [...ofLevel, ...kinds.flatMap((kind) => rankingMetrics[kind])];
  }
  /** The split that the rows ask for and that was not taken; null where the choice is in order. */
  get splitAgainst(): Exclude<Holdout, { kind: 'stratified' }> | null {
    const proposed = this.problem?.holdout;
    return this.holdout === 'stratified' && proposed && proposed.kind !== 'stratified' ? proposed : null;
  }
  get #targetColumns(): readonly string[] {
    return this.target === null ? [] : targetColumns(this.target);
  }
  get #isNumber(): boolean {
    return this.kind === 'number' || this.kind === null;
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
      : this.holdout === 'auto'
        ? splitRows(rows, usualFractions)
        : splitRows(rows, { validationFraction: (this.validationPercent ?? 0) / 100, testFraction: (this.testPercent ?? 0) / 100 });
  }
  get missing(): Missing | null {
    const inLimits = (percent: number | null): boolean => percent !== null && percent >= 5 && percent <= 40;
    if (!this.target || !this.choice.dataset) return 'target';
    if (this.holdout === 'temporal' && !this.timeColumn) return 'time';
    if (this.holdout === 'group' && !this.groupColumn) return 'group';
    if (this.competing.length === 0) return 'learners';
    if (this.folds !== 'auto' && this.folds !== 'holdout' && !isFoldCount(this.foldCount)) return 'folds';
    if (this.folds === 'group' && !this.groupColumn) return 'group';
    if (this.folds === 'expanding' && !this.timeColumn) return 'time';
    if (this.method === 'grid' && Object.keys(this.grid).length === 0) return 'grid';
    if (this.#isNumber && this.objective === 'huber' && !(this.huberDelta !== null && this.huberDelta > 0)) return 'delta';
    if (this.#isNumber && this.objective === 'tweedie' && !isBetween(this.tweediePower, 1.05, 1.95)) return 'power';
    if (this.withInterval && !isBetween(this.intervalPercent, 50, 99)) return 'interval';
    if (this.holdout !== 'auto' && (!inLimits(this.validationPercent) || !inLimits(this.testPercent))) return 'fractions';
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

  /** Reads what the rows say about the target, once for each choice. */
  look(): void {
    const { dataset } = this.choice;
    const { target } = this;
    const question = dataset && target ? JSON.stringify([dataset, target]) : '';
    if (question !== this.#questionOf) {
      this.forecast.reset();
      this.#series = null;
    }
    this.#questionOf = question;
    const asked = this.#forecast;
    const of = question + JSON.stringify(asked ?? String(asked));
    if (of === this.#proposalOf) return;
    this.#proposalOf = of;
    const forecast = asked === undefined ? {} : { forecast: asked };
    const proposal = dataset && target ? new Loaded(() => client.call('features.propose', { dataset, target, ...forecast })) : null;
    this.#proposal = proposal;
    void proposal?.reload().then(() => {
      if (this.#proposal === proposal) this.#series = proposal.value?.spec.history ?? (this.forecast.off ? this.#series : null);
    });
  }

  /** Of the proposed spec. */
  get history(): History | null {
    return this.forecast.off ? null : (this.#proposal?.value?.spec.history ?? this.#series);
  }
  get #forecast(): TrainRequest['forecast'] {
    return this.forecast.asked(this.#series ?? undefined);
  }
  setForecast({ off, horizon }: { off?: boolean; horizon?: number | null }): void {
    if (off !== undefined) this.forecast.off = off;
    if (horizon !== undefined) this.forecast.horizon = horizon;
    this.look();
  }

  /** Takes the split that the rows ask for. */
  takeSplit(): void {
    const proposed = this.problem?.holdout;
    if (!proposed) return;
    this.holdout = proposed.kind;
    if (proposed.kind === 'temporal') this.timeColumn = proposed.timeColumn;
    if (proposed.kind === 'group') this.groupColumn = proposed.groupColumn;
  }

  /** Takes the objective that suits the answers. */
  takeObjective(objective: Objective): void {
    this.objective = objective.kind;
    if (objective.kind === 'quantile') this.quantileLevel = objective.level;
    if (objective.kind === 'huber') this.huberDelta = objective.delta;
    if (objective.kind === 'tweedie') this.tweediePower = objective.power;
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
    const spec = this.#savedSpec()?.spec;
    return {
      dataset,
      target: this.target,
      ...this.#holdout(),
      learners: this.competing,
      ...this.#foldPlan(),
      search: {
        method: this.method,
        ...(this.method === 'grid' ? { grid: this.grid } : {}),
        ...(this.maxCandidates === null ? {} : { maxCandidates: this.maxCandidates }),
      },
      ...(this.metric === null || !this.rankingMetrics.includes(this.metric) ? {} : { metric: this.metric }),
      ...this.#judging(),
      ensemble: this.ensemble,
      ...(this.distill && this.kind !== 'labels' ? { distill: true } : {}),
      ...(this.weightColumn !== null && this.weightColumns.includes(this.weightColumn) ? { weightColumn: this.weightColumn } : {}),
      timeBudgetMs: this.budgetMs,
      ...(this.seed === null ? {} : { seed: this.seed }),
      ...(spec ? { spec } : this.forecast.request(this.#proposal?.value?.spec, this.#forecast)),
      ...(this.registerAs === '' ? {} : { registerAs: this.registerAs }),
      ...(this.compareWith === null ? {} : { compareWith: this.compareWith }),
    };
  }

  /** What a good answer is, and how sure answers say that they are. */
  #judging(): Pick<TrainRequest, 'objective' | 'classWeights' | 'interval'> {
    const objective = this.#isNumber ? this.#objective() : null;
    const level = (this.intervalPercent ?? 90) / 100;
    return {
      ...(objective === null || objective.kind === 'squared' ? {} : { objective }),
      ...((this.kind === 'class' || this.kind === null) && this.balanced ? { classWeights: 'balanced' as const } : {}),
      ...(!this.withInterval ? { interval: null } : level === usualLevel ? {} : { interval: { level } }),
    };
  }

  #objective(): Objective | null {
    const { objective: kind, huberDelta: delta, quantileLevel: level, tweediePower: power } = this;
    if (kind === 'huber') return delta === null ? null : { kind, delta };
    if (kind === 'tweedie') return power === null ? null : { kind, power };
    return kind === 'quantile' ? { kind, level } : { kind };
  }

  #holdout(): { holdout?: Holdout } {
    const fractions = { validationFraction: (this.validationPercent ?? 15) / 100, testFraction: (this.testPercent ?? 20) / 100 };
    if (this.holdout === 'temporal' && this.timeColumn) return { holdout: { kind: 'temporal', timeColumn: this.timeColumn, ...fractions } };
    if (this.holdout === 'group' && this.groupColumn) return { holdout: { kind: 'group', groupColumn: this.groupColumn, ...fractions } };
    return this.holdout === 'auto' ? {} : { holdout: { kind: 'stratified', ...fractions } };
  }

  #foldPlan(): { folds: FoldPlan } | null {
    const { foldCount: folds, groupColumn, timeColumn } = this;
    if (this.folds === 'holdout') {
      const [validation, test] = [this.validationPercent ?? 15, this.testPercent ?? 20];
      return { folds: { kind: 'holdout', fraction: Number((validation / (100 - test)).toFixed(4)) } };
    }
    if (!isFoldCount(folds)) return null;
    if (this.folds === 'stratified') return { folds: { kind: 'stratified', folds } };
    if (this.folds === 'group' && groupColumn) return { folds: { kind: 'group', folds, groupColumn } };
    if (this.folds === 'expanding' && timeColumn) return { folds: { kind: 'expanding', folds, timeColumn } };
    return null;
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

function pinballOf(level: Exclude<QuantileLevel, 0.5>): MetricName {
  return ({ 0.05: 'pinball5', 0.1: 'pinball10', 0.25: 'pinball25', 0.75: 'pinball75', 0.9: 'pinball90', 0.95: 'pinball95' } as const)[
    level
  ];
}

function isBetween(value: number | null, low: number, high: number): boolean {
  return value !== null && value >= low && value <= high;
}

function isFoldCount(folds: number | null): folds is number {
  return folds !== null && Number.isInteger(folds) && folds >= 2 && folds <= 20;
}
