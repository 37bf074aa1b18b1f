// Which column of the report is open. Held in the address, so that a reload and a link from an alert find it.
import { router } from '../../app/router.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import type { ColumnState, MonitorReport } from '../../managers/monitor.svelte.ts';
import { predictionId } from './columnWords.ts';

export interface ColumnRow {
  id: string;
  /** Name of the column, or the words for the model's answers. */
  label: string;
  state: ColumnState;
}

/** `prediction` in the address stands for the answers, unless a column has that name. */
const predictionInAddress = 'prediction';

export class ColumnSelection {
  readonly #report: () => MonitorReport | null;
  filter = $state('');

  constructor(report: () => MonitorReport | null) {
    this.#report = report;
  }

  get all(): ColumnRow[] {
    const report = this.#report();
    if (!report) return [];
    const columns = report.columns.map((state): ColumnRow => ({ id: state.name, label: state.name, state }));
    const answers = report.prediction ? [{ id: predictionId, label: t('monitor:columns.prediction'), state: report.prediction }] : [];
    return [...columns, ...answers];
  }
  /** In the order of the list, with its filter. */
  get rows(): ColumnRow[] {
    return this.all.filter(({ label }) => label.toLowerCase().includes(this.filter.toLowerCase()));
  }
  /** The one in the address, else the worst. */
  get shown(): ColumnRow | null {
    const wanted = router.query.get('column');
    const found = this.all.find(({ id }) => id === wanted) ?? (wanted === predictionInAddress ? this.all.find(({ id }) => id === predictionId) : undefined); // prettier-ignore
    return found ?? this.all[0] ?? null;
  }

  select(id: string): void {
    router.setQuery({ column: id === predictionId ? predictionInAddress : id });
  }

  step(by: number): void {
    const list = this.rows;
    const at = list.findIndex(({ id }) => id === this.shown?.id);
    const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
    if (next) this.select(next.id);
  }
}
