// A forecasting table: which earlier cells a model gets, and which of the moment that is predicted it must do without.
import type { FeatureRule } from '../../../../src-shared/domain/features.ts';
import { historyName, naiveLag, type Forecast, type History, type HistoryFeature } from '../../../../src-shared/domain/history.ts';
import type { Problem } from '../../../../src-shared/domain/problem.ts';
import type { Column } from '../../../../src-shared/domain/table.ts';
import type { SeriesFacts } from './seriesFacts.ts';

export interface HistoryProposal {
  history: History;
  /** Those of columns, some left out, and those of the features of history. */
  rules: FeatureRule[];
  reasons: Problem['reasons'];
}

const usualWindow = 7;
/** Columns beside the target whose last known cell becomes a feature. */
const mostOthers = 12;
/** Zeros in so many cells: time since the last other one tells something. */
const manyZeros = 0.3;

/**
 * Lags of the target from the horizon on and by season, statistics of the last periods, its mean at the same place of the last seasons, its
 * change over a season; of other columns that vary with time their last known cell. Columns whose value at the moment that is predicted is
 * hardly known ahead are left out themselves, and of the time only the calendar stays.
 */
export function proposeHistory(
  facts: SeriesFacts,
  {
    target,
    forecast,
    columns,
    rules,
  }: {
    target: string;
    forecast: Forecast | null;
    columns: readonly Column[];
    /** Of each column. */
    rules: readonly FeatureRule[];
  },
): HistoryProposal {
  const { timeColumn, entityColumns, step } = facts;
  const horizon = forecast?.horizon ?? 1;
  const season = facts.season?.season ?? null;
  const key = [timeColumn, ...entityColumns];
  const isUnknown = ({ column, kind }: FeatureRule): boolean =>
    kind !== 'drop' &&
    !key.includes(column) &&
    (facts.columns[column] ?? 'varies') === 'varies' &&
    !(forecast?.knownAhead ?? []).includes(column) &&
    !isKnownAheadName(column);
  const unknown = rules.filter(isUnknown).map(({ column }) => column);
  const typeOf = (name: string): Column['type'] | undefined => columns.find((each) => each.name === name)?.type;
  const others = unknown.filter((name) => isNumeric(typeOf(name))).slice(0, mostOthers);
  const features: HistoryFeature[] = [
    ...(isNumeric(typeOf(target)) ? ofTarget(facts, target, { horizon, season }) : []),
    ...others.map((column): HistoryFeature => ({ kind: 'lag', column, lag: horizon })),
  ];
  const kept = rules.map((rule): FeatureRule => {
    if (isUnknown(rule)) return { column: rule.column, kind: 'drop', reason: 'unknownAhead' };
    return rule.column === timeColumn ? ofCalendar(rule) : rule;
  });
  const named = distinctNames(features, columns);
  return {
    history: { timeColumn, entityColumns, step, horizon, season, features: named },
    rules: [...kept, ...named.map(historyRule)],
    reasons: reasonsOf(facts, { horizon, features: named.length, unknown }),
  };
}

/** How far in time a row lies is beyond all that was learned from, whenever something is forecast; the last cells tell the level. */
function ofCalendar(rule: FeatureRule): FeatureRule {
  if (rule.kind === 'numeric') return { column: rule.column, kind: 'drop', reason: 'time' };
  if (rule.kind !== 'datetime') return rule;
  const parts = rule.parts.filter((part) => part !== 'age' && part !== 'year');
  return parts.length > 0 ? { ...rule, parts } : { column: rule.column, kind: 'drop', reason: 'time' };
}

export function historyRule(feature: HistoryFeature): FeatureRule {
  return {
    column: historyName(feature),
    kind: 'numeric',
    impute: 'median',
    missingFlag: true,
    scale: 'standard',
    transform: 'none',
  };
}

export function isNumeric(type: Column['type'] | undefined): boolean {
  return type === 'integer' || type === 'number' || type === 'boolean';
}

function ofTarget(
  { longest, zeros }: SeriesFacts,
  column: string,
  { horizon, season }: Pick<History, 'horizon' | 'season'>,
): HistoryFeature[] {
  const naive = naiveLag({ horizon, season });
  const lags = [horizon, horizon + 1, horizon + 2, naive, ...(season === null ? [] : [naive + season])];
  const short = season ?? usualWindow;
  const windows = [short, 4 * short].filter((window) => window >= 2 && window <= Math.min(1000, longest / 3));
  const features: HistoryFeature[] = [...new Set(lags)]
    .filter((lag) => lag === naive || lag < longest / 2)
    .sort((a, b) => a - b)
    .map((lag) => ({ kind: 'lag', column, lag }));
  for (const window of windows)
    for (const statistic of ['mean', 'std'] as const) features.push({ kind: 'rolling', column, statistic, window });
  if (windows.length > 0)
    for (const statistic of ['min', 'max'] as const) features.push({ kind: 'rolling', column, statistic, window: windows[0]! });
  if (season !== null) {
    const cycles = Math.min(4, Math.floor(longest / season / 2));
    if (cycles >= 2) features.push({ kind: 'season', column, season, cycles });
    features.push({ kind: 'change', column, over: season });
  } else features.push({ kind: 'change', column, over: 1 });
  if (zeros !== null && zeros >= manyZeros) features.push({ kind: 'since', column });
  return features;
}

/** A column that has the name of a feature stays; the feature gives way. */
function distinctNames(features: readonly HistoryFeature[], columns: readonly Column[]): HistoryFeature[] {
  const taken = new Set(columns.map(({ name }) => name));
  return features.filter((feature) => {
    const name = historyName(feature);
    if (taken.has(name)) return false;
    taken.add(name);
    return true;
  });
}

/** Names of what a calendar or a plan tells: `holiday`, `promo`, `weekday`, 促销. */
export function isKnownAheadName(name: string): boolean {
  return (
    /(^|[_\s.-])((bank|public|state|school)?[_\s.-]?holidays?|promo(tion)?s?\d*|week_?day|work(ing)?_?day|week_?end|mon(th)?|mnth|year|yr|quarter|qtr|week|day|day_?of_?(week|month|year)|dow|hour|hr|minute|planned|plan|scheduled?|calendar|open)$/i.test(
      name,
    ) || /(节假日|假日|节日|促销|星期|周几|月份|年份|季度|计划|工作日|营业)$/.test(name)
  );
}

const listed = 5;

function reasonsOf(
  { timeColumn, entityColumns, series, moments, step, season, density, rowsWithoutKey }: SeriesFacts,
  { horizon, features, unknown }: { horizon: number; features: number; unknown: readonly string[] },
): Problem['reasons'] {
  const round = (value: number): number => Number(value.toPrecision(3));
  const reasons: Problem['reasons'] = [
    {
      code: 'forecastSeries',
      params: { time: timeColumn, entity: entityColumns.join(' × '), series, moments, horizon, features },
    },
  ];
  if (season) reasons.push({ code: 'season', params: { season: season.season, correlation: round(season.correlation) } });
  if (step.unit === 'row') reasons.push({ code: 'irregularTimes', params: { column: timeColumn, present: round(density) } });
  else if (density < 0.995) reasons.push({ code: 'gapsInTime', params: { column: timeColumn, missing: round(1 - density) } });
  if (rowsWithoutKey > 0) reasons.push({ code: 'rowsWithoutTime', params: { column: timeColumn, rows: rowsWithoutKey } });
  if (unknown.length > 0) {
    const names = `${unknown.slice(0, listed).join(', ')}${unknown.length > listed ? ', …' : ''}`;
    reasons.push({ code: 'unknownAhead', params: { columns: names, count: unknown.length } });
  }
  return reasons;
}
