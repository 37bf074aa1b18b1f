// The form that defines a metric: what can be chosen depends on the columns of the dataset.
import type { Column } from '../../src-shared/domain/table.ts';
import type { MetricDefinition } from '../../src-shared/rpc/advise.ts';
import { client } from '../rpc/client.svelte.ts';
import { isMetricName, saveMetric } from './advise.svelte.ts';
import type { DatasetEntry } from './datasets.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type MetricField = 'title' | 'name' | 'dataset' | 'timeColumn' | 'valueColumn' | 'shareOf';

const timeTypes: readonly Column['type'][] = ['date', 'timestamp'];
const numberTypes: readonly Column['type'][] = ['integer', 'number', 'boolean'];
const partTypes: readonly Column['type'][] = ['category', 'boolean', 'identifier'];

export class MetricForm {
  readonly datasets = new Loaded<DatasetEntry[]>(() => client.call('data.list', {}));
  readonly #existing: readonly string[];
  /** Changing a metric keeps its name. */
  readonly isChange: boolean;
  draft = $state<MetricDefinition>({ name: '', title: '', dataset: '', timeColumn: '', aggregate: 'sum', valueColumn: null, shareOf: null, dimensions: [], period: 'day', unit: '', goal: 'up' }); // prettier-ignore
  /** The person wrote a name; until then it follows the title. */
  #nameWritten = false;
  #values = $state.raw<readonly string[]>([]);

  constructor(existing: readonly string[], definition?: MetricDefinition) {
    this.#existing = existing;
    this.isChange = definition !== undefined;
    if (definition) {
      this.draft = structuredClone(definition);
      this.#nameWritten = true;
    }
  }

  get columns(): Column[] {
    return this.datasets.value?.find(({ dataset }) => dataset === this.draft.dataset)?.columns ?? [];
  }
  get timeColumns(): Column[] {
    return this.columns.filter(({ type }) => timeTypes.includes(type));
  }
  get valueColumns(): Column[] {
    const wanted = this.draft.aggregate === 'share' ? [...partTypes, ...numberTypes] : numberTypes;
    return this.columns.filter(({ type }) => wanted.includes(type));
  }
  /** Columns with few values explain best; those with words or measured numbers do not. What a definition names already stays. */
  get dimensionColumns(): Column[] {
    return this.columns.filter(
      ({ type, name }) => this.draft.dimensions.includes(name) || (partTypes.includes(type) && name !== this.draft.valueColumn),
    );
  }
  /** The most frequent values of the condition column. */
  get values(): readonly string[] {
    return this.#values;
  }
  get nameIsTaken(): boolean {
    return !this.isChange && this.#existing.includes(this.draft.name);
  }
  get nameIsBad(): boolean {
    return this.draft.name !== '' && !isMetricName(this.draft.name);
  }
  get missing(): MetricField[] {
    const { title, name, dataset, timeColumn, aggregate, valueColumn, shareOf } = this.draft;
    return [
      ...(title.trim() === '' ? (['title'] as const) : []),
      ...(name === '' ? (['name'] as const) : []),
      ...(dataset === '' ? (['dataset'] as const) : []),
      ...(timeColumn === '' ? (['timeColumn'] as const) : []),
      ...(aggregate !== 'count' && valueColumn === null ? (['valueColumn'] as const) : []),
      ...(aggregate === 'share' && (shareOf ?? '') === '' ? (['shareOf'] as const) : []),
    ];
  }
  get canSave(): boolean {
    return this.missing.length === 0 && !this.nameIsTaken && !this.nameIsBad;
  }

  readonly load = async (): Promise<void> => {
    await this.datasets.reload();
    if (this.draft.aggregate === 'share') await this.#readValues();
  };

  writeTitle(title: string): void {
    this.draft.title = title;
    if (!this.#nameWritten) this.draft.name = nameFor(title);
  }
  writeName(name: string): void {
    this.draft.name = name;
    this.#nameWritten = name !== '';
  }
  chooseDataset(name: string): void {
    this.draft.dataset = name;
    this.draft.timeColumn = this.timeColumns[0]?.name ?? '';
    this.draft.valueColumn = null;
    this.draft.shareOf = null;
    this.draft.dimensions = [];
  }
  chooseAggregate(aggregate: MetricDefinition['aggregate']): void {
    this.draft.aggregate = aggregate;
    if (!this.valueColumns.some(({ name }) => name === this.draft.valueColumn)) this.draft.valueColumn = null;
    this.draft.shareOf = null;
    if (aggregate === 'share' && this.draft.valueColumn) void this.#readValues();
  }
  chooseValueColumn(name: string): void {
    this.draft.valueColumn = name;
    this.draft.shareOf = null;
    this.draft.dimensions = this.draft.dimensions.filter((one) => one !== name);
    if (this.draft.aggregate === 'share') void this.#readValues();
  }
  toggleDimension(name: string, on: boolean): void {
    const others = this.draft.dimensions.filter((one) => one !== name);
    this.draft.dimensions = on ? [...others, name] : others;
  }

  async save(): Promise<MetricDefinition> {
    const { aggregate, ...draft } = $state.snapshot(this.draft);
    return saveMetric({
      ...draft,
      title: draft.title.trim(),
      unit: draft.unit.trim(),
      aggregate,
      valueColumn: aggregate === 'count' ? null : draft.valueColumn,
      shareOf: aggregate === 'share' ? draft.shareOf : null,
    });
  }

  async #readValues(): Promise<void> {
    const column = this.draft.valueColumn;
    try {
      const profile = await client.call('data.profile', { name: this.draft.dataset });
      if (column !== this.draft.valueColumn) return;
      this.#values = profile.columns.find(({ name }) => name === column)?.topValues.map(({ value }) => String(value)) ?? [];
    } catch {
      this.#values = []; // only proposals: the field takes any text
    }
  }
}

/** `Sales per day` → `sales-per-day`; letters of any script stay. */
function nameFor(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}
