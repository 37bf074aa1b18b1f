/** p = 1 / (1 + e^−(slope·score + offset)) */
export interface PlattCurve {
  slope: number;
  offset: number;
}

const mostSteps = 100;

/**
 * Platt's sigmoid: Platt, Advances in large margin classifiers (1999), with his targets (N₊ + 1) / (N₊ + 2) and 1 / (N₋ + 2), by the Newton
 * method of Lin, Lin & Weng, Mach. Learn. 68 (2007). Of one class alone it is level.
 */
export function fitPlatt(scores: ArrayLike<number>, truths: ArrayLike<number>, weights?: ArrayLike<number>): PlattCurve {
  let [positive, negative] = [0, 0];
  for (let row = 0; row < scores.length; row++) {
    const weight = weights ? weights[row]! : 1;
    if (truths[row]) positive += weight;
    else negative += weight;
  }
  const high = (positive + 1) / (positive + 2);
  const low = 1 / (negative + 2);
  let [slope, offset] = [0, Math.log((positive + 1) / (negative + 1))];
  const lossAt = (a: number, b: number): number => {
    let loss = 0;
    for (let row = 0; row < scores.length; row++) {
      const logit = a * scores[row]! + b;
      const target = truths[row] ? high : low;
      loss += (weights ? weights[row]! : 1) * (Math.max(logit, 0) - logit * target + Math.log1p(Math.exp(-Math.abs(logit))));
    }
    return loss;
  };
  let loss = lossAt(slope, offset);
  for (let step = 0; step < mostSteps; step++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-12, 0, 1e-12];
    for (let row = 0; row < scores.length; row++) {
      const score = scores[row]!;
      const p = 1 / (1 + Math.exp(-(slope * score + offset)));
      const weight = weights ? weights[row]! : 1;
      const error = weight * (p - (truths[row] ? high : low));
      const curvature = weight * p * (1 - p);
      ga += error * score;
      gb += error;
      haa += curvature * score * score;
      hab += curvature * score;
      hbb += curvature;
    }
    if (Math.abs(ga) < 1e-10 && Math.abs(gb) < 1e-10) break;
    const determinant = haa * hbb - hab * hab;
    const [da, db] = [-(hbb * ga - hab * gb) / determinant, -(haa * gb - hab * ga) / determinant];
    let length = 1;
    for (; length > 1e-10; length /= 2) {
      const next = lossAt(slope + length * da, offset + length * db);
      if (next < loss + 1e-4 * length * (ga * da + gb * db)) {
        [slope, offset, loss] = [slope + length * da, offset + length * db, next];
        break;
      }
    }
    if (length <= 1e-10) break;
  }
  return { slope, offset };
}
