import { calibrated, fitCalibration, uncalibrated, type Calibration, type CalibrationRows } from './calibration.ts';

const folds = 5;
/** A curve with many steps needs rows; below it isotonic is not tried. */
const leastIsotonicRows = 1000;
/** A kind that bends more than the one before it must lower the log loss by this share: temperature keeps the order of all answers. */
const leastGain = 0.005;

export interface ChosenCalibration {
  calibration: Calibration;
  /** Weighted mean cross entropy (nats) and expected calibration error, before; after: on the folds that a calibration was not fitted to. */
  before: { logLoss: number; error: number };
  after: { logLoss: number; error: number };
}

/**
 * The calibration (of `kinds`, simplest first) whose log loss is lowest on rows it was not fitted to (five folds of the given rows, every fifth row), fitted again to all
 * of them; none where none helps. `rows` must be rows that the model was not fitted to.
 */
export function chooseCalibration(
  rows: CalibrationRows,
  kinds: readonly Calibration['kind'][] = ['temperature', 'platt', 'isotonic'],
): ChosenCalibration {
  const count = rows.codes.length;
  const before = judge(calibrated(uncalibrated, rows.logits, rows.classes), rows);
  const tried = kinds
    .filter((kind) => count >= folds * 2 && (kind !== 'isotonic' || count >= leastIsotonicRows))
    .map((kind) => {
      const probabilities = new Float64Array(count * rows.classes);
      for (let fold = 0; fold < folds; fold++) {
        const calibration = fitCalibration(
          kind,
          pick(rows, (row) => row % folds !== fold),
        );
        const part = calibrated(calibration, pick(rows, (row) => row % folds === fold).logits, rows.classes);
        for (let row = fold, at = 0; row < count; row += folds, at++)
          probabilities.set(part.subarray(at * rows.classes, (at + 1) * rows.classes), row * rows.classes);
      }
      return { kind, after: judge(probabilities, rows) };
    });
  const best = tried.reduce<(typeof tried)[number] | null>(
    (found, each) => (each.after.logLoss < (found ? found.after.logLoss * (1 - leastGain) : before.logLoss) ? each : found),
    null,
  );
  return best
    ? { calibration: fitCalibration(best.kind, rows), before, after: best.after }
    : { calibration: uncalibrated, before, after: before };
}

function judge(probabilities: Float64Array, { codes, classes, weights }: CalibrationRows): { logLoss: number; error: number } {
  let [sum, total] = [0, 0];
  codes.forEach((code, row) => {
    const weight = weights?.[row] ?? 1;
    sum -= weight * Math.log(Math.max(probabilities[row * classes + code]!, 1e-300));
    total += weight;
  });
  return { logLoss: sum / total, error: calibrationError(probabilities, codes, classes) };
}

/**
 * Expected calibration error of the most probable class: the mean over 15 bins of equally many rows of |share that is right − mean
 * probability|. Naeini, Cooper & Hauskrecht, AAAI 2015; equal bins by Nixon et al., CVPR workshops 2019.
 */
export function calibrationError(probabilities: Float64Array, codes: Int32Array, classes: number, bins = 15): number {
  const tops = Array.from(codes, (code, row) => {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    const top = own.indexOf(Math.max(...own));
    return { p: own[top]!, right: Number(top === code) };
  }).sort((a, b) => a.p - b.p);
  let error = 0;
  for (let bin = 0; bin < bins; bin++) {
    const part = tops.slice(Math.floor((bin * tops.length) / bins), Math.floor(((bin + 1) * tops.length) / bins));
    error += Math.abs(part.reduce((sum, { p, right }) => sum + right - p, 0)) / tops.length;
  }
  return error;
}

function pick({ logits, codes, classes, weights }: CalibrationRows, isIn: (row: number) => boolean): CalibrationRows {
  const rows = Array.from(codes.keys()).filter(isIn);
  const values = new Float64Array(rows.length * classes);
  rows.forEach((row, at) => {
    for (let code = 0; code < classes; code++) values[at * classes + code] = logits[row * classes + code]!;
  });
  return {
    logits: values,
    codes: Int32Array.from(rows, (row) => codes[row]!),
    classes,
    ...(weights && { weights: Float32Array.from(rows, (row) => weights[row]!) }),
  };
}
