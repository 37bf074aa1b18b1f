import { orderStatistics } from './orderStatistics.ts';

/** Quantiles that a column is described by; between them the scores lie on straight lines. */
const knotCount = 100;
/** Scores end at the normal quantile of this share. */
const outermost = 1e-7;

/** Increasing `knots` (values) and the normal score at each. */
export interface NormalScores {
  knots: number[];
  scores: number[];
}

/** By rank among `values` (float32, without NaN): the normal quantile of the share of values below, for ties of their middle. */
export function fitNormalScores(values: Float32Array): NormalScores {
  if (values.length === 0) return { knots: [0], scores: [0] };
  const count = Math.min(knotCount, values.length);
  const shares = Array.from({ length: count }, (_, at) => (count === 1 ? 0.5 : at / (count - 1)));
  const found = orderStatistics(
    values,
    shares.map((share) => Math.round(share * (values.length - 1))),
  );
  const [knots, scores]: [number[], number[]] = [[], []];
  for (let first = 0; first < count;) {
    let last = first;
    while (last + 1 < count && found[last + 1] === found[first]) last++;
    knots.push(found[first]!);
    const share = (shares[first]! + shares[last]!) / 2;
    scores.push(inverseNormal(Math.min(Math.max(share, outermost), 1 - outermost)));
    first = last + 1;
  }
  return { knots, scores };
}

/** Segment k of a value x: as many inner knots lie below it. score = base[k] + slope[k] · (x − knot[k]) with x limited to the knots. */
export interface Segments {
  inner: number[];
  knot: number[];
  base: number[];
  slope: number[];
}

export function segmentsOf({ knots, scores }: NormalScores): Segments {
  if (knots.length === 1) return { inner: [], knot: [knots[0]!], base: [scores[0]!], slope: [0] };
  return {
    inner: knots.slice(1, -1),
    knot: knots.slice(0, -1),
    base: scores.slice(0, -1),
    slope: knots.slice(1).map((knot, at) => (scores[at + 1]! - scores[at]!) / (knot - knots[at]!)),
  };
}

export function normalScore(x: number, { inner, knot, base, slope }: Segments): number {
  let segment = 0;
  while (segment < inner.length && inner[segment]! < x) segment++;
  return base[segment]! + slope[segment]! * (x - knot[segment]!);
}

/** Acklam's rational approximation of the normal quantile, relative error below 1.2e-9: a score needs no more. */
export function inverseNormal(share: number): number {
  if (share < 0.02425) return tail(Math.sqrt(-2 * Math.log(share)));
  if (share > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(1 - share)));
  const q = share - 0.5;
  const r = q * q;
  return (horner(centreAbove, r) * q) / horner(centreBelow, r);
}

const centreAbove = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
] as const;
const centreBelow = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1] as const;
const tailAbove = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783,
] as const;
const tailBelow = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1] as const;

function tail(q: number): number {
  return horner(tailAbove, q) / horner(tailBelow, q);
}

function horner(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
