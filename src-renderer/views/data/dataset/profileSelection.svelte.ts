// Which column of the profile is open, and which types are to be changed.
import type { ColumnProfile, ColumnType } from '../../../../src-shared/domain/table.ts';
import { router } from '../../../app/router.svelte.ts';
import type { DatasetManager } from '../../../managers/datasets.svelte.ts';
import { DetailState } from '../../shared/detailState.svelte.ts';

export class ProfileSelection {
  readonly #manager: DatasetManager;
  #types = $state.raw<Readonly<Record<string, ColumnType>>>({});
  #shown = $state.raw<readonly ColumnProfile[]>([]);
  readonly detail = new DetailState();

  constructor(manager: DatasetManager) {
    this.#manager = manager;
  }

  get columns(): readonly ColumnProfile[] {
    return this.#manager.profile.value?.columns ?? [];
  }
  /** The open column: the one in the address, else the first with a finding, else the first. */
  get column(): ColumnProfile | null {
    const wanted = router.query.get('column');
    return (
      this.columns.find(({ name }) => name === wanted) ??
      this.columns.find(({ findings }) => findings.some(({ severity }) => severity !== 'note')) ??
      this.columns[0] ??
      null
    );
  }
  /** Types that were chosen and not yet made a version. */
  get types(): Readonly<Record<string, ColumnType>> {
    return this.#types;
  }
  /** In the order of the list, with its filter. */
  get shown(): readonly ColumnProfile[] {
    return this.#shown;
  }
  set shown(columns: readonly ColumnProfile[]) {
    this.#shown = columns;
  }

  select(name: string): void {
    this.detail.isOpen = true;
    router.setQuery({ column: name });
  }

  step(by: number): void {
    const list = this.#shown.length > 0 ? this.#shown : this.columns;
    const at = list.findIndex(({ name }) => name === this.column?.name);
    const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
    if (next) this.select(next.name);
  }

  typeOf({ name, type }: Pick<ColumnProfile, 'name' | 'type'>): ColumnType {
    return this.#types[name] ?? type;
  }

  retype({ name, type }: Pick<ColumnProfile, 'name' | 'type'>, wanted: ColumnType): void {
    const rest = { ...this.#types };
    delete rest[name];
    this.#types = wanted === type ? rest : { ...rest, [name]: wanted };
  }

  discard(): void {
    this.#types = {};
  }

  /** Starts the job that makes the version. */
  make(): Promise<string> {
    return this.#manager.retype({ ...this.#types });
  }
}
