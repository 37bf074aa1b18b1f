import { describe, expect, it } from 'vitest';
import { encodeModel } from '../../../../compiler/index.ts';
import { counterRandom } from '../../../../platform/random.ts';
import { ortRuntime } from '../../worker/threads/ortRuntime.ts';
import { largestDifference } from '../learnerTestData.ts';
import { softmax } from '../networkLoss.ts';
import { calibrated, calibrationGraph, fitCalibration, uncalibrated, type Calibration, type CalibrationRows } from './calibration.ts';
import { calibrationError, chooseCalibration } from './chooseCalibration.ts';
import { fitIsotonic, isotonicAt } from './isotonic.ts';
import { fitPlatt } from './platt.ts';

/** Logits `sharpness` times too sure and moved by `shift`; the truth is drawn from what they should have been. */
function rowsOf(rows: number, classes: number, seed: number, { sharpness = 1, shift = 0 } = {}): CalibrationRows {
  const random = counterRandom(seed);
  const logits = new Float32Array(rows * classes);
  const codes = Int32Array.from({ length: rows }, (_, row) => {
    const honest = Array.from({ length: classes }, () => 1.5 * random.normal());
    honest.forEach((each, code) => (logits[row * classes + code] = sharpness * each + (code === 0 ? 0 : shift)));
    let left = random.next();
    return [...softmax(honest, classes, 1)].findIndex((p) => (left -= p) < 0);
  });
  return { logits, codes: codes.map((code) => Math.max(code, 0)), classes };
}

describe('isotonic regression', () => {
  it('pools what falls, joins equal places, and is level beyond its ends', () => {
    const curve = fitIsotonic([3, 1, 2, 2, 5], [2, 0, 3, 1, 9], [1, 1, 1, 1, 2]);
    // At 2 the mean is 2, at 3 it is 2: one stretch.
    expect([...curve.x]).toEqual([1, 2, 3, 5]);
    expect([...curve.y]).toEqual([0, 2, 2, 9]);
    expect([0, 1.5, 2.5, 4, 7].map((x) => isotonicAt(curve, x))).toEqual([0, 1, 2, 5.5, 9]);
    const falling = fitIsotonic([1, 2, 3], [3, 2, 1]);
    expect([isotonicAt(falling, 1), isotonicAt(falling, 3)]).toEqual([2, 2]);
  });

  it('lets rows of weight 0 have no say', () => {
    expect(fitIsotonic([1, 2, 3], [0, 9, 1], [1, 0, 1])).toEqual(fitIsotonic([1, 3], [0, 1]));
  });
});

it('Platt takes one class alone, and separable scores, without infinite answers', () => {
  const alone = fitPlatt([1, 2, 3], [1, 1, 1]);
  expect(Number.isFinite(alone.slope) && Number.isFinite(alone.offset)).toBe(true);
  const apart = fitPlatt([-3, -2, 2, 3], [0, 0, 1, 1]);
  const p = 1 / (1 + Math.exp(-(apart.slope * 3 + apart.offset)));
  expect(p).toBeGreaterThan(0.6);
  expect(p).toBeLessThan(0.95);
});

const kinds = ['temperature', 'platt', 'isotonic'] as const;

describe('a calibration', () => {
  it.each(kinds.flatMap((kind) => [2, 4].map((classes) => ({ kind, classes }))))(
    '$kind, $classes classes: probabilities become what they should be, in the graph too',
    async ({ kind, classes }) => {
      const settings = { sharpness: 3, ...(kind === 'temperature' ? {} : { shift: 0.6 }) };
      const calibration = fitCalibration(kind, rowsOf(4000, classes, 1, settings));
      const judged = rowsOf(4000, classes, 2, settings);
      const before = calibrationError(calibrated(uncalibrated, judged.logits, classes), judged.codes, classes);
      const probabilities = calibrated(calibration, judged.logits, classes);
      expect(calibrationError(probabilities, judged.codes, classes)).toBeLessThan(before / 2);
      for (let start = 0; start < probabilities.length; start += classes)
        expect(probabilities.subarray(start, start + classes).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
      // Far out and equal logits too.
      const edges = Float32Array.from({ length: classes * 6 }, (_, at) => [0, 1e4, -1e4, 80, -80, 3e-38][(at * 5) % 6]!);
      for (const logits of [judged.logits as Float32Array, edges]) {
        const session = await ortRuntime.createSession(encodeModel(calibrationGraph(calibration, classes), { producer: 'modelkeep' }));
        const feeds = { outputs: ortRuntime.tensor('float32', logits, [logits.length / classes, classes]) };
        const served = (await session.run(feeds, { probabilities: null }))['probabilities']!.data as Float32Array;
        await session.release();
        expect(largestDifference(served, Float32Array.from(calibrated(calibration, logits, classes)), 1)).toBeLessThanOrEqual(1e-6);
      }
    },
  );

  it('survives JSON', () => {
    const rows = rowsOf(500, 3, 3);
    for (const kind of kinds) {
      const calibration = fitCalibration(kind, rows);
      const kept = JSON.parse(JSON.stringify(calibration)) as Calibration;
      expect(calibrated(kept, rows.logits, 3)).toEqual(calibrated(calibration, rows.logits, 3));
    }
  });

  it('counts weighted rows as repeated ones', () => {
    const rows = rowsOf(300, 2, 4, { sharpness: 2 });
    const weights = Float32Array.from(rows.codes, (_, row) => row % 3);
    const at = Array.from(rows.codes.keys()).flatMap((row) => Array.from({ length: row % 3 }, () => row));
    const repeated: CalibrationRows = {
      logits: Float32Array.from(at.flatMap((row) => [rows.logits[row * 2]!, rows.logits[row * 2 + 1]!])),
      codes: Int32Array.from(at, (row) => rows.codes[row]!),
      classes: 2,
    };
    for (const kind of kinds) {
      const [a, b] = [fitCalibration(kind, { ...rows, weights }), fitCalibration(kind, repeated)];
      const places = rowsOf(50, 2, 5).logits;
      calibrated(a, places, 2).forEach((p, place) => expect(p).toBeCloseTo(calibrated(b, places, 2)[place]!, 4));
    }
  });

  it('is chosen where it helps, left where it does not, and told before and after', () => {
    const sure = chooseCalibration(rowsOf(3000, 3, 6, { sharpness: 4 }));
    expect(sure.calibration).not.toEqual(uncalibrated);
    expect(sure.after.logLoss).toBeLessThan(sure.before.logLoss - 0.1);
    expect(sure.after.error).toBeLessThan(sure.before.error / 3);
    const honest = chooseCalibration(rowsOf(3000, 3, 7), ['isotonic']);
    expect(honest.calibration).toEqual(uncalibrated);
    expect(chooseCalibration(rowsOf(5, 2, 8)).calibration).toEqual(uncalibrated);
  });
});
