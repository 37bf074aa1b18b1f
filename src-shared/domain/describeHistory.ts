import { timeKindOf, type HistoryStep, type InputHistory } from './history.ts';

/** What a caller sends for an input that is made of earlier rows, as a sentence. */
export function describeHistory({ feature, timeColumn, entityColumns, step, horizon }: InputHistory): string {
  const before = `“${timeColumn}” of the row`;
  const same = entityColumns.length > 0 ? `, among rows of the same ${entityColumns.map((name) => `“${name}”`).join(' and ')}` : '';
  const known = horizon === 1 ? `before ${before}` : `up to ${steps(horizon, step)} before ${before}`;
  const column = `“${feature.column}”`;
  switch (feature.kind) {
    case 'lag':
      return `${column} ${steps(feature.lag, step)} before ${before}${same}`;
    case 'rolling': {
      const { statistic, window } = feature;
      const name = { mean: 'Mean', std: 'Standard deviation (n − 1)', min: 'Smallest', max: 'Largest', sum: 'Sum' }[statistic];
      return `${name} of ${column} over the last ${steps(window, step)} ${known}${same}`;
    }
    case 'change':
      return `Last ${column} ${known} less the one ${steps(feature.over, step)} earlier${same}`;
    case 'season':
      return `Mean of ${column} at the same place of the last ${feature.cycles} seasons of ${steps(feature.season, step)} ${known}${same}`;
    case 'since':
      return `Number of steps (${steps(1, step)} each) from the last ${column} ${known} that is neither missing nor 0${same}`;
  }
}

const seconds: readonly [number, string][] = [
  [604_800, 'week'],
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

function steps(count: number, step: HistoryStep): string {
  const [each, unit] = unitOf(step);
  const all = count * each;
  return `${all} ${unit}${all === 1 ? '' : 's'}`;
}

function unitOf(step: HistoryStep): [each: number, unit: string] {
  if (step.unit === 'row') return [1, 'row'];
  if (step.unit === 'month') return step.count % 12 === 0 ? [step.count / 12, 'year'] : [step.count, 'month'];
  if (timeKindOf(step) === 'number') return [step.count, 'unit'];
  const [length, name] = seconds.find(([each]) => step.count % each === 0) ?? [1, 'second'];
  return [step.count / length, name];
}
