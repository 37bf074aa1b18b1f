export interface Evaluation {
  readonly loss: number;
  readonly gradient: Float64Array;
}

/** A point on the line, with the loss's derivative along it. */
interface Point extends Evaluation {
  readonly length: number;
  readonly slope: number;
}

const sufficient = 1e-4;
const curvature = 0.9;
const mostTries = 25;
const growth = 2;

/**
 * A step length that meets the strong Wolfe conditions, or the best one found that lowers the loss enough; undefined when none
 * does. Source: Nocedal & Wright, Numerical optimization (2006), algorithms 3.5 and 3.6, cubic interpolation eq. 3.59. A loss
 * that is not finite counts as too far.
 */
export async function searchWolfe(
  evaluate: (length: number) => Promise<Evaluation>,
  start: { readonly loss: number; readonly slope: number },
  direction: Float64Array,
  firstLength: number,
): Promise<Point | undefined> {
  const at = async (length: number): Promise<Point> => {
    const evaluation = await evaluate(length);
    return { ...evaluation, length, slope: dot(evaluation.gradient, direction) };
  };
  const tooHigh = (point: Point): boolean => !(point.loss <= start.loss + sufficient * point.length * start.slope);
  const flat = (point: Point): boolean => Math.abs(point.slope) <= -curvature * start.slope;

  let before: Point = { length: 0, loss: start.loss, slope: start.slope, gradient: new Float64Array() };
  let length = firstLength;
  for (let tries = 0; tries < mostTries; tries++) {
    const point = await at(length);
    if (tooHigh(point) || (tries > 0 && point.loss >= before.loss)) return zoom(before, point);
    if (flat(point)) return point;
    if (point.slope >= 0) return zoom(point, before);
    before = point;
    length *= growth;
  }
  return before.length > 0 ? before : undefined;

  /** `low` fulfils the first condition and has the lower loss; an acceptable length lies between it and `high`. */
  async function zoom(low: Point, high: Point): Promise<Point | undefined> {
    let [near, far] = [low, high];
    for (let tries = 0; tries < mostTries; tries++) {
      const point = await at(interpolate(near, far));
      if (tooHigh(point) || point.loss >= near.loss) far = point;
      else {
        if (flat(point)) return point;
        if (point.slope * (far.length - near.length) >= 0) far = near;
        near = point;
      }
      if (Math.abs(far.length - near.length) <= 1e-12 * Math.max(1, near.length)) break;
    }
    return near.length > 0 ? near : undefined;
  }
}

/** The minimum of the cubic through both points, kept a tenth of the way from either; the middle where there is none. */
function interpolate(a: Point, b: Point): number {
  const width = b.length - a.length;
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.length - b.length);
  const d2 = Math.sign(width) * Math.sqrt(d1 * d1 - a.slope * b.slope);
  const cubic = b.length - (width * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2);
  const share = (cubic - a.length) / width;
  return Number.isFinite(share) ? a.length + width * Math.min(0.9, Math.max(0.1, share)) : a.length + width / 2;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
