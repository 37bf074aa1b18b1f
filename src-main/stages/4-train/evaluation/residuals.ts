import type { Residuals } from '../../../../src-shared/domain/evaluation.ts';
import type { Answers } from '../metrics/answers.ts';

const mostPoints = 1000;
const bandCount = 10;
const binCount = 30;
const z = 1.959963984540054;

/** `rowNumbers`: of each row in the dataset version. */
export function residualsOf({ truth, prediction }: Extract<Answers, { kind: 'number' }>, rowNumbers: Int32Array): Residuals {
  const rows = truth.length;
  const residual = truth.map((value, row) => value - prediction[row]!);
  const mean = residual.reduce((sum, each) => sum + each, 0) / rows;
  const variance = residual.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, rows - 1);
  const half = z * Math.sqrt(variance / rows);
  const shown = Math.min(rows, mostPoints);
  return {
    bias: { value: mean, low: half > 0 ? mean - half : null, high: half > 0 ? mean + half : null, rows },
    histogram: histogramOf(residual),
    points: Array.from({ length: shown }, (_, at) => {
      const row = Math.floor((at * rows) / shown);
      return { row: rowNumbers[row]!, prediction: prediction[row]!, residual: residual[row]! };
    }),
    bands: bandsOf(residual, prediction),
  };
}

/** Equal bins between the 0.5 % and 99.5 % quantiles; what lies beyond counts in the outer ones. */
function histogramOf(residual: Float64Array): Residuals['histogram'] {
  const sorted = residual.toSorted();
  const [low, high] = [quantile(sorted, 0.005), quantile(sorted, 0.995)];
  if (!(high > low)) return { edges: [low, high], counts: [residual.length] };
  const edges = Array.from({ length: binCount + 1 }, (_, at) => low + ((high - low) * at) / binCount);
  const counts = new Array<number>(binCount).fill(0);
  for (const each of residual) counts[Math.min(binCount - 1, Math.max(0, Math.floor(((each - low) / (high - low)) * binCount)))]!++;
  return { edges, counts };
}

function bandsOf(residual: Float64Array, prediction: Float32Array | Float64Array): Residuals['bands'] {
  const order = Int32Array.from(residual, (_, row) => row).sort((a, b) => prediction[a]! - prediction[b]!);
  const bands = Math.min(bandCount, Math.max(1, Math.floor(order.length / 10)));
  return Array.from({ length: bands }, (_, band) => {
    const rows = order.subarray(Math.floor((band * order.length) / bands), Math.floor(((band + 1) * order.length) / bands));
    const own = Float64Array.from(rows, (row) => residual[row]!).sort();
    const stated = rows.reduce((sum, row) => sum + prediction[row]!, 0) / rows.length;
    return { prediction: stated, low: quantile(own, 0.1), median: quantile(own, 0.5), high: quantile(own, 0.9), rows: rows.length };
  });
}

/** Linear between order statistics. */
export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  return sorted[below]! + (place - below) * ((sorted[below + 1] ?? sorted[below]!) - sorted[below]!);
}
