import { describe, expect, it } from 'vitest';
import { testRandom } from '../tests/runtimes.ts';
import { minimizeLbfgs } from './lbfgs.ts';
import { dot, searchWolfe } from './wolfeSearch.ts';

/** Σ 100 (x₂ᵢ − x₂ᵢ₋₁²)² + (1 − x₂ᵢ₋₁)²: minimum 0 at all ones (Moré, Garbow & Hillstrom 1981, problem 21). */
async function rosenbrock(x: Float64Array): Promise<{ loss: number; gradient: Float64Array }> {
  const gradient = new Float64Array(x.length);
  let loss = 0;
  for (let at = 0; at < x.length; at += 2) {
    const [a, b] = [x[at]!, x[at + 1]!];
    loss += 100 * (b - a * a) ** 2 + (1 - a) ** 2;
    gradient[at] = -400 * a * (b - a * a) - 2 * (1 - a);
    gradient[at + 1] = 200 * (b - a * a);
  }
  return { loss, gradient };
}

describe('L-BFGS', () => {
  it('finds the minimum of the extended Rosenbrock function', async () => {
    const start = Float64Array.from({ length: 50 }, (_, at) => (at % 2 === 0 ? -1.2 : 1));
    const result = await minimizeLbfgs(rosenbrock, start, { gradientTolerance: 1e-8, lossTolerance: 0 });
    expect(result.ended).toBe('gradient');
    expect(Math.max(...result.weights.map((each) => Math.abs(each - 1)))).toBeLessThan(1e-7);
    // About 35 iterations and 45 evaluations are what the literature reports for m = 10.
    expect(result.iterations).toBeLessThan(60);
    expect(result.evaluations).toBeLessThan(80);
    expect(start[0]).toBe(-1.2);
  });

  it('solves least squares as the normal equations do', async () => {
    const random = testRandom(2);
    const [rows, columns] = [40, 6];
    const a = Array.from({ length: rows }, () => Float64Array.from({ length: columns }, () => random() * 2 - 1));
    const truth = Float64Array.from({ length: columns }, () => random());
    const b = a.map((row) => dot(row, truth));
    const { weights } = await minimizeLbfgs(
      async (x) => {
        const residuals = a.map((row, at) => dot(row, x) - b[at]!);
        const gradient = Float64Array.from({ length: columns }, (_, column) =>
          a.reduce((sum, row, at) => sum + 2 * row[column]! * residuals[at]!, 0),
        );
        return { loss: residuals.reduce((sum, each) => sum + each * each, 0), gradient };
      },
      new Float64Array(columns),
      { gradientTolerance: 1e-10, lossTolerance: 0 },
    );
    weights.forEach((each, at) => expect(each).toBeCloseTo(truth[at]!, 9));
  });

  it('comes back from steps whose loss is not a number', async () => {
    // −log x + x: undefined below 0, minimum at 1. The first step from 0.05 would go to 1.05; from 20 far below 0.
    for (const start of [0.05, 20]) {
      const { weights } = await minimizeLbfgs(
        async (x) => ({ loss: -Math.log(x[0]!) + x[0]!, gradient: Float64Array.of(-1 / x[0]! + 1) }),
        Float64Array.of(start),
      );
      expect(weights[0]).toBeCloseTo(1, 4);
    }
  });

  it('stops when asked, at the start, and where the line only rises', async () => {
    const start = Float64Array.of(-1.2, 1);
    expect((await minimizeLbfgs(rosenbrock, start, { shouldStop: () => true })).ended).toBe('asked');
    expect(await minimizeLbfgs(rosenbrock, Float64Array.of(1, 1))).toMatchObject({ ended: 'gradient', iterations: 0, loss: 0 });
    // A gradient that points the wrong way.
    const wrong = await minimizeLbfgs(async (x) => ({ loss: x[0]!, gradient: Float64Array.of(-1) }), Float64Array.of(0));
    expect(wrong).toMatchObject({ ended: 'line', loss: 0 });
  });

  it('every accepted step meets the strong Wolfe conditions', async () => {
    const random = testRandom(7);
    for (let sample = 0; sample < 50; sample++) {
      const x = Float64Array.from({ length: 4 }, () => random() * 4 - 2);
      const here = await rosenbrock(x);
      const direction = here.gradient.map((each) => -each * (0.5 + random()));
      const slope = dot(direction, here.gradient);
      const point = await searchWolfe(
        async (length) => rosenbrock(x.map((each, at) => each + length * direction[at]!)),
        { loss: here.loss, slope },
        direction,
        10 ** (random() * 6 - 5),
      );
      expect(point!.loss).toBeLessThanOrEqual(here.loss + 1e-4 * point!.length * slope);
      expect(Math.abs(point!.slope)).toBeLessThanOrEqual(-0.9 * slope);
    }
  });
});
