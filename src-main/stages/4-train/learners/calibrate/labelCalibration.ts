// Labels are calibrated one by one, each as one of two classes.
import { GraphBuilder, type Graph } from '../../../../compiler/index.ts';
import { sigmoid } from '../asProbabilities.ts';
import type { Calibration } from './calibration.ts';
import { chooseCalibration, type ChosenCalibration } from './chooseCalibration.ts';
import type { PlattCurve } from './platt.ts';

/** One curve a label: the probability is the sigmoid of slope · logit + offset. */
export type LabelCalibration = readonly PlattCurve[];

const asItIs: PlattCurve = { slope: 1, offset: 0 };

export function uncalibratedLabels(labels: number): PlattCurve[] {
  return Array.from({ length: labels }, () => asItIs);
}

export interface ChosenLabelCalibration extends Omit<ChosenCalibration, 'calibration'> {
  curves: PlattCurve[];
}

/**
 * Of each label the temperature or Platt's curve, where one helps on rows that it was not fitted to (`chooseCalibration`). `logits`, `flags`:
 * row-major [rows, labels]; a label that the rows do not tell apart stays as it is. Losses and errors are means over labels.
 */
export function chooseLabelCalibration(
  { logits, flags, labels }: { logits: Float64Array; flags: Uint8Array; labels: number },
  kinds: readonly Calibration['kind'][],
): ChosenLabelCalibration {
  const rows = flags.length / labels;
  const chosen = Array.from({ length: labels }, (_, label) => {
    const pairs = new Float64Array(rows * 2);
    for (let row = 0; row < rows; row++) pairs[row * 2 + 1] = logits[row * labels + label]!;
    const codes = Int32Array.from({ length: rows }, (__, row) => flags[row * labels + label]!);
    return chooseCalibration({ logits: pairs, codes, classes: 2 }, kinds);
  });
  const mean = (pick: (each: ChosenCalibration) => number): number => chosen.reduce((sum, each) => sum + pick(each), 0) / labels;
  return {
    curves: chosen.map(({ calibration }) => curveOf(calibration)),
    before: { logLoss: mean(({ before }) => before.logLoss), error: mean(({ before }) => before.error) },
    after: { logLoss: mean(({ after }) => after.logLoss), error: mean(({ after }) => after.error) },
  };
}

export function isUncalibrated(curves: LabelCalibration): boolean {
  return curves.every(({ slope, offset }) => slope === 1 && offset === 0);
}

/** Of two logits 0 and z both kinds are a sigmoid of a line of z. */
function curveOf(calibration: Calibration): PlattCurve {
  if (calibration.kind === 'temperature') return { slope: 1 / calibration.temperature, offset: 0 };
  if (calibration.kind === 'platt') return calibration.curves[0]!;
  throw new Error('Labels are calibrated by a line.');
}

/** Probabilities [rows, labels] in float64. */
export function calibratedLabels(curves: LabelCalibration, logits: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: logits.length }, (_, cell) => {
    const { slope, offset } = curves[cell % curves.length]!;
    return sigmoid(slope * logits[cell]! + offset);
  });
}

/** `logits` float64 [N, labels] → `probabilities` float32 [N, labels], and `prediction` bool [N, labels]: those of `threshold` and above. */
export function labelGraph(curves: LabelCalibration, threshold: number): Graph {
  const g = new GraphBuilder('labels');
  const labels = curves.length;
  const output = { shape: ['N', labels] };
  const logits = g.input('logits', 'float64', output.shape);
  const slopes = g.float64(
    curves.map(({ slope }) => slope),
    [1, labels],
  );
  const offsets = g.float64(
    curves.map(({ offset }) => offset),
    [1, labels],
  );
  const line = g.op('Add', [g.op('Mul', [logits, slopes], { output }), offsets], { output });
  // 1 / (1 + e^−z): Sigmoid is not in every runtime's float64.
  const e = g.op('Exp', [g.op('Neg', [line], { output })], { output });
  const one = g.scalar(1, 'float64');
  const exact = g.op('Div', [one, g.op('Add', [e, one], { output })], { output });
  const probabilities = g.op('Cast', [exact], { attributes: { to: 1 }, output: { dtype: 'float32', ...output } });
  g.output(g.op('GreaterOrEqual', [probabilities, g.scalar(threshold)], { output: { dtype: 'bool', ...output } }), 'prediction');
  g.output(probabilities, 'probabilities');
  return g.build();
}
