// A label set before it exists: what a person filled in, what follows from the dataset, what is still wrong.
import { namePattern } from '../../src-shared/domain/names.ts';
import { suggestName } from '../../src-shared/errors/requireName.ts';
import type { LabelSet } from '../../src-shared/rpc/label.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { classProblem, cleanClasses, withKeys, type ClassProblem, type LabelClass } from './labelClasses.ts';
import { Loaded } from './loaded.svelte.ts';

type Kind = LabelSet['kind'];
export interface ValueProposal {
  column: string;
  values: string[];
}

export class NewLabelSetManager {
  readonly datasets = new Loaded<Result<'data.list'>>(() => client.call('data.list', {}));
  readonly #sets = new Loaded<Result<'label.list'>>(() => client.call('label.list', {}));
  #profile = $state.raw<Result<'data.profile'> | null>(null);
  #chosen = $state.raw<Result<'data.get'> | null>(null);
  #kind = $state<Kind>('table');
  #itemColumn = $state<string | null>(null);
  #suggestFrom = $state<string | null>(null);
  #classes = $state.raw<LabelClass[]>([
    { name: '', key: '1' },
    { name: '', key: '2' },
  ]);
  #isClassesTouched = $state(false);
  #name = $state('');
  #isNameTouched = false;
  #creating = $state(false);
  #error = $state.raw<unknown>(null);
  guideline = $state('');

  readonly load = async (): Promise<void> => {
    await Promise.all([this.datasets.reload(), this.#sets.reload()]);
  };

  get dataset(): { name: string; version: number } | null {
    return this.#chosen && { name: this.#chosen.dataset, version: this.#chosen.version };
  }
  get kind(): Kind {
    return this.#kind;
  }
  set kind(kind: Kind) {
    this.#kind = kind;
    if (this.#itemColumn === null || !this.itemColumns.includes(this.#itemColumn)) this.#itemColumn = this.itemColumns[0] ?? null;
    if (kind === 'table') this.#itemColumn = null;
  }
  /** Ways to show the items of this dataset. */
  get kinds(): Kind[] {
    const types = this.#chosen?.columns.map(({ type }) => type) ?? [];
    return [...(types.includes('image') ? (['image'] as const) : []), ...(types.some(isTextual) ? (['text'] as const) : []), 'table'];
  }
  get itemColumns(): string[] {
    const columns = this.#chosen?.columns ?? [];
    return columns
      .filter(({ type }) => (this.#kind === 'image' ? type === 'image' : this.#kind === 'text' ? isTextual(type) : type !== 'image'))
      .toSorted((a, b) => Number(b.type === 'text') - Number(a.type === 'text'))
      .map(({ name }) => name);
  }
  get itemColumn(): string | null {
    return this.#itemColumn;
  }
  set itemColumn(name: string | null) {
    this.#itemColumn = name;
  }
  get suggestFrom(): string | null {
    return this.#suggestFrom;
  }
  get suggestColumns(): string[] {
    return (this.#chosen?.columns ?? []).filter(({ type }) => type === 'category' || type === 'boolean').map(({ name }) => name);
  }
  /** Columns whose few values could be the classes. */
  get valueProposals(): ValueProposal[] {
    return (this.#profile?.columns ?? [])
      .filter(
        ({ type, distinct, topValues }) => (type === 'category' || type === 'boolean') && distinct >= 2 && distinct <= topValues.length,
      )
      .slice(0, 4)
      .map(({ name, topValues }) => ({ column: name, values: topValues.map(({ value }) => value) }));
  }
  get classes(): LabelClass[] {
    return this.#classes;
  }
  set classes(classes: LabelClass[]) {
    this.#classes = classes;
    this.#isClassesTouched = true;
  }
  get isClassesTouched(): boolean {
    return this.#isClassesTouched;
  }
  get name(): string {
    return this.#name;
  }
  set name(name: string) {
    this.#name = name;
    this.#isNameTouched = true;
  }
  get creating(): boolean {
    return this.#creating;
  }
  get error(): unknown {
    return this.#error;
  }

  get problems(): { classes: ClassProblem | null; name: 'name' | 'nameTaken' | null; column: boolean } {
    return {
      classes: classProblem(this.#classes),
      name: !namePattern.test(this.#name) ? 'name' : this.#sets.value?.some(({ name }) => name === this.#name) ? 'nameTaken' : null,
      column: this.#kind !== 'table' && this.#itemColumn === null,
    };
  }
  get canCreate(): boolean {
    const { classes, name, column } = this.problems;
    return this.#chosen !== null && classes === null && name === null && !column;
  }

  /** Takes the dataset of the address, or the first one. Chosen again, it changes nothing. */
  choose(name: string | null, version: number): void {
    const entry = this.datasets.value?.find(({ dataset }) => dataset === name) ?? this.datasets.value?.[0];
    if (!entry) return;
    const wanted = entry.dataset === name && Number.isInteger(version) && version > 0 ? version : entry.version;
    if (this.#choosing === `${entry.dataset}@${wanted}`) return;
    this.#choosing = `${entry.dataset}@${wanted}`;
    void this.#read(entry.dataset, wanted);
  }
  #choosing = '';

  /** With the suggestions, their values become the classes while none was written. */
  suggest(column: string | null): void {
    this.#suggestFrom = column;
    const values = this.valueProposals.find((one) => one.column === column)?.values;
    if (values && this.#classes.every(({ name }) => name === '')) this.classes = withKeys(values);
  }

  async create(): Promise<LabelSet | null> {
    if (!this.canCreate || !this.dataset || this.#creating) return null;
    this.#creating = true;
    this.#error = null;
    try {
      return await client.call('label.create', {
        name: this.#name,
        dataset: this.dataset,
        kind: this.#kind,
        itemColumn: this.#itemColumn,
        classes: cleanClasses(this.#classes),
        guideline: this.guideline,
        ...(this.#suggestFrom === null ? {} : { suggestFrom: this.#suggestFrom }),
      });
    } catch (error) {
      this.#error = error;
      return null;
    } finally {
      this.#creating = false;
    }
  }

  async #read(name: string, version: number): Promise<void> {
    this.#error = null;
    try {
      const chosen = await client.call('data.get', { name, version });
      if (this.#choosing !== `${name}@${version}`) return;
      this.#chosen = chosen;
      this.#profile = null;
      this.#suggestFrom = null;
      this.kind = usualKind(chosen.columns.map(({ type }) => type));
      if (!this.#isNameTouched) this.#name = suggestName(`${name}-labels`);
      this.#profile = await client.call('data.profile', { name, version });
    } catch (error) {
      this.#error = error;
    }
  }
}

/** A table stays a table, even though its categories could be shown large. */
function usualKind(types: readonly string[]): Kind {
  return types.includes('image') ? 'image' : types.includes('text') ? 'text' : 'table';
}

function isTextual(type: string): boolean {
  return type === 'text' || type === 'category';
}
