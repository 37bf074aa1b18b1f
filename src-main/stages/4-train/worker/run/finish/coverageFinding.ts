import type { Answers } from '../../../metrics/answers.ts';
import type { ModelAnswers } from '../../models/modelAnswers.ts';
import type { Findings } from '../../order.ts';

/** Whether the intervals or sets of a model hold what they promise, on rows that nothing was chosen by. */
export function coverageFinding({ lower, upper, set }: ModelAnswers, judged: Answers, level: number | null): Findings {
  if (level === null || judged.kind === 'labels' || judged.kind === 'ranking') return [];
  const rows = judged.truth.length;
  if (rows === 0) return [];
  if (judged.kind === 'number') {
    if (!lower || !upper || !Number.isFinite(lower[0])) return [];
    const inside = judged.truth.reduce((sum, truth, row) => sum + Number(truth >= lower[row]! && truth <= upper[row]!), 0);
    return [{ code: 'intervals', params: { level, share: round(inside / rows), width: round(upper[0]! - lower[0]!), rows } }];
  }
  if (!set) return [];
  const { classes } = judged;
  const inside = judged.truth.reduce((sum, code, row) => sum + set[row * classes + code]!, 0);
  const size = set.reduce((sum, each) => sum + each, 0) / rows;
  return [{ code: 'sets', params: { level, share: round(inside / rows), size: round(size), rows } }];
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
