// What is asked of a forecasting table, from what was chosen in the form.
import type { FeatureSpec } from '../../src-shared/domain/features.ts';
import { historyName, mostHorizon, type Forecast, type History } from '../../src-shared/domain/history.ts';
import type { TrainRequest } from '../../src-shared/domain/training.ts';

export interface ChosenForecast {
  horizon: number | null;
  /** The rows are predicted one by one. */
  off: boolean;
}

/** What `features.propose` is asked for; undefined: what the rows show. */
export function askedForecast(
  { horizon, off }: ChosenForecast,
  series: Pick<History, 'timeColumn' | 'entityColumns'> | undefined,
): Forecast | null | undefined {
  if (off) return null;
  if (!series || horizon === 1 || !isHorizon(horizon)) return undefined;
  return { timeColumn: series.timeColumn, entityColumns: series.entityColumns, horizon };
}

/** The proposed spec without the columns that were taken out, where any was; `asked` says how far ahead. */
export function forecastRequest(
  spec: FeatureSpec | undefined,
  asked: Forecast | null | undefined,
  isOut: (name: string) => boolean,
): Pick<TrainRequest, 'spec' | 'forecast'> {
  const forecast = asked === undefined ? {} : { forecast: asked };
  const out = new Set((spec?.history?.features ?? []).map(historyName).filter(isOut));
  if (!spec || out.size === 0) return forecast;
  const rules = spec.rules.map((rule): FeatureSpec['rules'][number] =>
    out.has(rule.column) ? { column: rule.column, kind: 'drop', reason: 'user' } : rule,
  );
  return { ...forecast, spec: { ...spec, rules } };
}

function isHorizon(horizon: number | null): horizon is number {
  return horizon !== null && Number.isInteger(horizon) && horizon >= 1 && horizon <= mostHorizon;
}
