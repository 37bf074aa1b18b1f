import { describe, expect, it } from 'vitest';
import {
  constant,
  cosine,
  cosineLog,
  linearDecay,
  oneCycle,
  plateauStart,
  reduceOnPlateau,
  stepDecay,
  warmUp,
  type Schedule,
} from './schedules.ts';

// Rates of steps 1 … 8 as PyTorch 2's schedulers of the same name give them for 8 steps (CosineAnnealingLR(T_max=8),
// LinearLR(1, 0, 8), StepLR(3, 0.5), OneCycleLR(max_lr=1, total_steps=8)), by their documented formulas.
const cases: [string, Schedule, number[]][] = [
  ['constant', constant(0.3), [0.3, 0.3, 0.3]],
  ['linear', linearDecay({ rate: 1, steps: 8 }), [1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0, 0]],
  ['linear to a floor', linearDecay({ rate: 1, steps: 2, finalRate: 0.5 }), [1, 0.75, 0.5, 0.5]],
  ['cosine', cosine({ rate: 1, steps: 4 }), [1, 0.853553390593274, 0.5, 0.146446609406726, 0, 0]],
  ['cosine to a floor', cosine({ rate: 1, steps: 2, finalRate: 0.2 }), [1, 0.6, 0.2, 0.2]],
  ['waves of ever twice the length', cosineLog({ rate: 1, steps: 15 }), [0, 0, 0.9304309704312053, 0, 0.7183546884620604]],
  ['step', stepDecay({ rate: 1, every: 3, factor: 0.5 }), [1, 1, 1, 0.5, 0.5, 0.5, 0.25]],
  ['warm-up', warmUp(4, linearDecay({ rate: 1, steps: 2 })), [0.25, 0.5, 0.75, 1, 1, 0.5, 0, 0]],
  [
    'one cycle',
    oneCycle({ maxRate: 1, steps: 10 }),
    // The peak at place 0.3 · 10 − 1 = 2, the end at 9.
    [0.04, 0.52, 1, ...[1, 2, 3, 4, 5, 6, 7].map((at) => 4e-6 + ((1 - 4e-6) * (1 + Math.cos((Math.PI * at) / 7))) / 2), 4e-6],
  ],
];

describe('schedules', () => {
  it.each(cases)('%s', (_name, schedule, expected) => {
    expected.forEach((each, at) => expect(schedule(at + 1)).toBeCloseTo(each, 12));
  });

  it('the plateau waits, cuts, and does not fall below its least', () => {
    let state = plateauStart;
    const losses = [3, 2, 2, 2, 2, 1.99995, 1.5, 1.6, 1.6, 1.6, 1.6, 1.6, 1.6];
    const scales = losses.map((loss) => (state = reduceOnPlateau(state, loss, { patience: 2, factor: 0.1, leastScale: 0.05 })).scale);
    expect(scales).toEqual([1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]);
  });
});
