// Of a forecasting table: how far ahead, and which columns of earlier rows the model may look at.
import type { FeatureSpec } from '../../src-shared/domain/features.ts';
import { historyName, mostHorizon, type Forecast, type History } from '../../src-shared/domain/history.ts';
import type { TrainRequest } from '../../src-shared/domain/training.ts';

export class ForecastChoice {
  /** Null: the rows are predicted one by one. */
  horizon = $state<number | null>(1);
  off = $state(false);
  /** Names of features that were taken out. */
  readonly #out = $state<Record<string, true>>({});

  /** What `features.propose` is asked for; undefined: what the rows show. */
  asked(history: Pick<History, 'timeColumn' | 'entityColumns'> | undefined): Forecast | null | undefined {
    if (this.off) return null;
    if (!history || !this.isValid || this.horizon === 1) return undefined;
    return { timeColumn: history.timeColumn, entityColumns: history.entityColumns, horizon: this.horizon! };
  }

  get isValid(): boolean {
    return this.horizon !== null && Number.isInteger(this.horizon) && this.horizon >= 1 && this.horizon <= mostHorizon;
  }

  isOut(name: string): boolean {
    return this.#out[name] === true;
  }

  take(name: string, isIn: boolean): void {
    if (isIn) delete this.#out[name];
    else this.#out[name] = true;
  }

  /** For another table or target. */
  reset(): void {
    this.horizon = 1;
    this.off = false;
    for (const name of Object.keys(this.#out)) delete this.#out[name];
  }

  /** What a run is asked for: the proposed spec without what was taken out, or where nothing was, how far ahead. */
  request(spec: FeatureSpec | undefined, asked: Forecast | null | undefined): Pick<TrainRequest, 'spec' | 'forecast'> {
    const forecast = asked === undefined ? {} : { forecast: asked };
    const names = (spec?.history?.features ?? []).map(historyName);
    if (!spec || !names.some((name) => this.isOut(name))) return forecast;
    const rules = spec.rules.map((rule): FeatureSpec['rules'][number] =>
      names.includes(rule.column) && this.isOut(rule.column) ? { column: rule.column, kind: 'drop', reason: 'user' } : rule,
    );
    return { ...forecast, spec: { ...spec, rules } };
  }
}
