import { expect, test } from 'vitest';
import { counterRandom } from '../../../platform/random.ts';
import { limitsOf, studentQuantile } from './limits.ts';

test.each([
  [0.975, 10, 2.228],
  [0.995, 20, 2.845],
  [0.995, 9, 3.25],
  [0.9975, 40, 2.971],
])('Student quantile %d with %d degrees of freedom is %d', (probability, degreesOfFreedom, table) => {
  expect(studentQuantile(probability, degreesOfFreedom)).toBeCloseTo(table, 1);
});

/** How often the next score passes limits learnt from `count` earlier ones; 3,000 trials. */
function passed(count: number, alpha: number, draw: (random: ReturnType<typeof counterRandom>) => number): { low: number; high: number } {
  const random = counterRandom(7);
  let low = 0;
  let high = 0;
  const trials = 3000;
  for (let trial = 0; trial < trials; trial++) {
    const limits = limitsOf(Array.from({ length: count }, () => draw(random)), alpha)!; // prettier-ignore
    const next = draw(random);
    if (next < limits.low) low++;
    if (next > limits.high) high++;
  }
  return { low: low / trials, high: high / trials };
}

test.each([
  ['normal', 20, (random: ReturnType<typeof counterRandom>) => random.normal()],
  ['normal', 150, (random: ReturnType<typeof counterRandom>) => random.normal()],
  ['skewed (exponential)', 150, (random: ReturnType<typeof counterRandom>) => -Math.log(1 - random.next())],
])('of %s scores, limits learnt from %d pass about the asked share', (_, count, draw) => {
  const { low, high } = passed(count, 0.01, draw);
  expect(low + high).toBeLessThan(0.025);
  expect(low + high).toBeGreaterThan(0.001);
});

test('skewed scores get skewed limits', () => {
  const random = counterRandom(3);
  const limits = limitsOf(Array.from({ length: 300 }, () => -Math.log(1 - random.next()) - 1), 0.01)!; // prettier-ignore
  expect(limits.high).toBeGreaterThan(3 * -limits.low);
});

test('fewer than eight errors give no limits', () => {
  expect(limitsOf([1, 2, 3, 4, 5, 6, 7], 0.01)).toBeNull();
});
