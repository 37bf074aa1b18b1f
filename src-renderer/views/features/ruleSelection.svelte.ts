// Rules on the screen: which one is open, with the type and the findings of its column.
import type { FeatureRule } from '../../../src-shared/domain/features.ts';
import { historyName } from '../../../src-shared/domain/history.ts';
import type { Column, ColumnType } from '../../../src-shared/domain/table.ts';
import { DetailState } from '../shared/detailState.svelte.ts';
import { router } from '../../app/router.svelte.ts';
import type { Proposal, SpecDraft } from '../../managers/features.svelte.ts';

export type Finding = Proposal['findings'][number];

/** With a draft the rules can be changed; without one they are a saved version, which stays as it is. */
export class RuleSelection {
  readonly draft: SpecDraft | null;
  readonly #rules: () => readonly FeatureRule[];
  readonly #columns: () => readonly Column[];
  readonly detail = new DetailState();

  constructor(source: SpecDraft | (() => readonly FeatureRule[]), columns: () => readonly Column[]) {
    this.draft = typeof source === 'function' ? null : source;
    this.#rules = typeof source === 'function' ? source : () => source.rules;
    this.#columns = columns;
  }

  get rules(): readonly FeatureRule[] {
    return this.#rules();
  }
  get rule(): FeatureRule | null {
    const wanted = router.query.get('column');
    return (
      this.rules.find(({ column }) => column === wanted) ??
      this.rules.find((rule) => rule.kind !== 'drop' || rule.reason !== 'target') ??
      null
    );
  }
  get findings(): readonly Finding[] {
    return this.draft?.proposal.value?.findings ?? [];
  }

  select(column: string): void {
    this.detail.isOpen = true;
    router.setQuery({ column });
  }
  typeOf(column: string): ColumnType {
    const known = this.#columns().find(({ name }) => name === column)?.type;
    // What is made of earlier rows is no column of the data, and a number.
    const isMade = (this.draft?.spec?.history?.features ?? []).some((feature) => historyName(feature) === column);
    return known ?? (isMade || this.rules.find((rule) => rule.column === column)?.kind === 'numeric' ? 'number' : 'text');
  }
  findingsOf(column: string): Finding[] {
    return this.findings.filter((finding) => finding.column === column);
  }
  proposed(column: string): FeatureRule | undefined {
    return this.draft?.proposal.value?.spec.rules.find((rule) => rule.column === column);
  }
  isChanged(column: string): boolean {
    return this.draft?.changedColumns.has(column) ?? false;
  }
}
