import { expect, it } from 'vitest';
import { encodeModel } from '../../../../compiler/index.ts';
import { counterRandom } from '../../../../platform/random.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import { sigmoid } from '../asProbabilities.ts';
import { calibratedLabels, chooseLabelCalibration, isUncalibrated, labelGraph, uncalibratedLabels } from './labelCalibration.ts';

/** Of two labels the first is three times too sure and moved, the second is as it says. */
function rowsOf(rows: number, seed: number): { logits: Float64Array; flags: Uint8Array; labels: number } {
  const random = counterRandom(seed);
  const [logits, flags] = [new Float64Array(rows * 2), new Uint8Array(rows * 2)];
  for (let row = 0; row < rows; row++)
    for (const label of [0, 1]) {
      const honest = 1.5 * random.normal();
      flags[row * 2 + label] = Number(random.next() < sigmoid(honest));
      logits[row * 2 + label] = label === 0 ? 3 * honest + 1 : honest;
    }
  return { logits, flags, labels: 2 };
}

it('bends the label that needs it, leaves the other, and tells what it gained', () => {
  const { curves, before, after } = chooseLabelCalibration(rowsOf(4000, 1), ['temperature', 'platt']);
  expect(curves[0]!.slope).toBeGreaterThan(0.25);
  expect(curves[0]!.slope).toBeLessThan(0.42);
  expect(curves[0]!.offset).toBeLessThan(-0.15);
  expect(Math.abs(curves[1]!.slope - 1)).toBeLessThan(0.1);
  expect(after.error).toBeLessThan(before.error / 2);
  expect(after.logLoss).toBeLessThan(before.logLoss - 0.05);
  const judged = rowsOf(4000, 2);
  const p = calibratedLabels(curves, judged.logits);
  const [stated, seen] = [0, 0].map((_, which) =>
    judged.flags.reduce((sum, flag, cell) => sum + (cell % 2 === 0 ? (which === 0 ? p[cell]! : flag) : 0), 0),
  ) as [number, number];
  expect(Math.abs(stated - seen) / 4000).toBeLessThan(0.02);
});

it('leaves labels alone that the rows do not tell apart, and that are right already', () => {
  const { curves } = chooseLabelCalibration({ logits: Float64Array.of(1, 2, 3, 4), flags: Uint8Array.of(1, 1, 1, 1), labels: 2 }, [
    'platt',
  ]);
  expect(isUncalibrated(curves)).toBe(true);
  expect(isUncalibrated(uncalibratedLabels(3))).toBe(true);
});

it('is the same in the graph, far out too, with the answers of one half and above', async () => {
  const curves = [
    { slope: 0.5, offset: 0.25 },
    { slope: 1, offset: 0 },
    { slope: 1.2, offset: -3 },
  ];
  const logits = Float64Array.from([0, 0, 0, 1e4, -1e4, 80, -0.5, 3e-38, 2.5, -1e308, 1e308, 2.4999]);
  const session = await ortRuntime.createSession(encodeModel(labelGraph(curves, 0.5), { producer: 'modelkeep' }));
  const found = await session.run({ logits: ortRuntime.tensor('float64', logits, [4, 3]) }, { prediction: null, probabilities: null });
  await session.release();
  const expected = calibratedLabels(curves, logits);
  const probabilities = found['probabilities']!.data as Float32Array;
  probabilities.forEach((p, cell) => expect(Math.abs(p - expected[cell]!)).toBeLessThanOrEqual(1e-7));
  expect([...(found['prediction']!.data as Uint8Array)]).toEqual([...probabilities].map((p) => Number(p >= 0.5)));
});
