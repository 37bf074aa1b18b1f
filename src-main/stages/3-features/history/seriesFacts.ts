import type { HistoryStep } from '../../../../src-shared/domain/history.ts';
import type { FoundSeason } from './seasonality.ts';

/** What the rows show of a table of series; looked up by a worker process. */
export interface SeriesFacts {
  timeColumn: string;
  entityColumns: string[];
  /** Rows that have a time and an entity, and those that have not. */
  rows: number;
  rowsWithoutKey: number;
  series: number;
  moments: number;
  /** Periods of the longest series. */
  longest: number;
  step: HistoryStep;
  /** Present share of the periods of each series; whole steps among the intervals. */
  density: number;
  regular: number;
  /** Of the target; null where it is no number, or has no season. */
  season: FoundSeason | null;
  /** Share of the target's cells that are 0; null where it is no number. */
  zeros: number | null;
  /** How the other columns change with time. */
  columns: Record<string, ColumnInTime>;
}

/** `constant` within each series; `calendar`: told by the hour, weekday, day or month of the time; `varies`: neither. */
export type ColumnInTime = 'constant' | 'calendar' | 'varies';
