import { GraphBuilder, type Graph, type Value } from '../../../../compiler/index.ts';
import { fitTemperature, softmax } from '../networkLoss.ts';
import { fitIsotonic, isotonicAt, type IsotonicCurve } from './isotonic.ts';
import { fitPlatt, type PlattCurve } from './platt.ts';

/**
 * From raw outputs (logits) of classes to probabilities. `temperature`: softmax(logits / temperature). `platt`: a sigmoid of the difference of
 * the two logits; of more classes one a class, of its logit against all others together, normalised. `isotonic`: the same by a rising
 * curve of the softmax probability. Plain JSON.
 */
export type Calibration =
  | { kind: 'temperature'; temperature: number }
  | { kind: 'platt'; curves: PlattCurve[] }
  | { kind: 'isotonic'; curves: { x: number[]; y: number[] }[]; least: number };

export interface CalibrationRows {
  /** Row-major [rows, classes]. */
  logits: ArrayLike<number>;
  codes: Int32Array;
  classes: number;
  weights?: Float32Array;
}

export const uncalibrated: Calibration = { kind: 'temperature', temperature: 1 };

/** On rows that the model was not fitted to. Two classes have one curve, of the second class. */
export function fitCalibration(kind: Calibration['kind'], { logits, codes, classes, weights }: CalibrationRows): Calibration {
  if (kind === 'temperature') return { kind, temperature: fitTemperature(logits, { kind: 'class', codes, classes }, weights) };
  const own = classes === 2 ? [1] : Array.from({ length: classes }, (_, code) => code);
  const truths = own.map((code) => Uint8Array.from(codes, (each) => Number(each === code)));
  if (kind === 'platt') {
    const scores = scoresOf(logits, classes);
    return { kind, curves: own.map((code, at) => fitPlatt(scores[code]!, truths[at]!, weights)) };
  }
  const probabilities = softmax(logits, classes, 1);
  const curves = own.map((code, at) => {
    const curve = fitIsotonic(column(probabilities, classes, code), truths[at]!, weights);
    return { x: [...curve.x], y: [...curve.y] };
  });
  // Half a row of doubt: a curve that says 0 or 1 has seen no other, not none.
  return { kind, curves, least: 0.5 / (codes.length + 1) };
}

/** Probabilities [rows, classes] in float64. */
export function calibrated(calibration: Calibration, logits: ArrayLike<number>, classes: number): Float64Array {
  if (calibration.kind === 'temperature') return softmax(logits, classes, calibration.temperature);
  const curves = calibration.curves.length;
  const inputs = calibration.kind === 'platt' ? scoresOf(logits, classes) : columnsOf(softmax(logits, classes, 1), classes);
  const isotonic: IsotonicCurve[] =
    calibration.kind === 'isotonic' ? calibration.curves.map(({ x, y }) => ({ x: Float64Array.from(x), y: Float64Array.from(y) })) : [];
  const at = (curve: number, place: number): number => {
    if (calibration.kind === 'isotonic')
      return Math.min(Math.max(isotonicAt(isotonic[curve]!, place), calibration.least), 1 - calibration.least);
    const { slope, offset } = calibration.curves[curve]!;
    return 1 / (1 + Math.exp(-(slope * place + offset)));
  };
  const probabilities = new Float64Array(logits.length);
  for (let row = 0; row * classes < logits.length; row++) {
    if (curves === 1) {
      const p = at(0, inputs[1]![row]!);
      probabilities.set([1 - p, p], row * 2);
      continue;
    }
    let total = 0;
    for (let code = 0; code < classes; code++) total += probabilities[row * classes + code] = at(code, inputs[code]![row]!);
    // Every sigmoid may be 0 in float64, far out: then nothing is known.
    for (let code = 0; code < classes; code++)
      probabilities[row * classes + code] = total > 0 ? probabilities[row * classes + code]! / total : 1 / classes;
  }
  return probabilities;
}

/** `outputs` float32 [N, classes] → `probabilities` float32 [N, classes], to stand behind a learner's graph instead of its softmax. */
export function calibrationGraph(calibration: Calibration, classes: number): Graph {
  const g = new GraphBuilder('calibration');
  const shape = ['N', classes];
  const outputs = g.input('outputs', 'float32', shape);
  const logits = g.op('Cast', [outputs], { attributes: { to: 11 }, output: { dtype: 'float64', shape } });
  const probabilities =
    calibration.kind === 'temperature'
      ? softmaxOf(g, g.op('Div', [logits, g.scalar(calibration.temperature, 'float64')], { output: { shape } }), shape)
      : ofCurves(g, calibration, logits, classes);
  g.output(g.op('Cast', [probabilities], { attributes: { to: 1 }, output: { dtype: 'float32', shape } }), 'probabilities');
  return g.build();
}

function ofCurves(g: GraphBuilder, calibration: Exclude<Calibration, { kind: 'temperature' }>, logits: Value, classes: number): Value {
  const shape = ['N', classes];
  const curves = calibration.curves.length;
  const inputs = calibration.kind === 'platt' ? scoreValues(g, logits, classes) : softmaxOf(g, logits, shape);
  const columns = Array.from({ length: classes }, (_, code) =>
    g.op('Slice', [inputs, g.int64([code]), g.int64([code + 1]), g.int64([1])], { output: { shape: ['N', 1] } }),
  );
  const one = g.scalar(1, 'float64');
  const at = (curve: number, x: Value): Value =>
    calibration.kind === 'platt' ? sigmoidOf(g, calibration.curves[curve]!, x) : curveOf(g, calibration, curve, x);
  const concat = (parts: Value[]): Value => g.op('Concat', parts, { attributes: { axis: 1 }, output: { shape } });
  if (curves === 1) {
    const p = at(0, columns[1]!);
    return concat([g.op('Sub', [one, p], { output: { shape: ['N', 1] } }), p]);
  }
  const all = concat(columns.map((x, code) => at(code, x)));
  const total = g.op('ReduceSum', [all, g.int64([1])], { attributes: { keepdims: 1 }, output: { shape: ['N', 1] } });
  const isNothing = g.op('LessOrEqual', [total, g.scalar(0, 'float64')], { output: { dtype: 'bool', shape: ['N', 1] } });
  const divisor = g.op('Where', [isNothing, one, total], { output: { dtype: 'float64', shape: ['N', 1] } });
  return g.op('Where', [isNothing, g.scalar(1 / classes, 'float64'), g.op('Div', [all, divisor], { output: { shape } })], {
    output: { dtype: 'float64', shape },
  });
}

function sigmoidOf(g: GraphBuilder, { slope, offset }: PlattCurve, x: Value): Value {
  const shape = ['N', 1];
  const linear = g.op('Add', [g.op('Mul', [x, g.scalar(slope, 'float64')], { output: { shape } }), g.scalar(offset, 'float64')], {
    output: { shape },
  });
  // 1 / (1 + e^−z): Sigmoid is not in every runtime's float64.
  const e = g.op('Exp', [g.op('Neg', [linear], { output: { shape } })], { output: { shape } });
  return g.op('Div', [g.scalar(1, 'float64'), g.op('Add', [e, g.scalar(1, 'float64')], { output: { shape } })], { output: { shape } });
}

function curveOf(g: GraphBuilder, { curves, least }: Extract<Calibration, { kind: 'isotonic' }>, curve: number, place: Value): Value {
  const { x, y } = curves[curve]!;
  const steps = x.length - 1;
  const shape = ['N', steps];
  const limit = (value: Value): Value =>
    g.op('Clip', [value, g.scalar(least, 'float64'), g.scalar(1 - least, 'float64')], { output: { shape: ['N', 1] } });
  if (steps === 0) {
    const level = g.op('Add', [g.op('Mul', [place, g.scalar(0, 'float64')], { output: { shape: ['N', 1] } }), g.scalar(y[0]!, 'float64')]);
    return limit(level);
  }
  const widths = Float64Array.from({ length: steps }, (_, at) => x[at + 1]! - x[at]!);
  const slopes = widths.map((width, at) => (y[at + 1]! - y[at]!) / width);
  const beyond = g.op('Sub', [place, g.float64(x.slice(0, steps), [1, steps])], { output: { shape } });
  const inside = g.op('Min', [g.op('Max', [beyond, g.scalar(0, 'float64')], { output: { shape } }), g.float64(widths, [1, steps])], {
    output: { shape },
  });
  const risen = g.op('MatMul', [inside, g.float64(slopes, [steps, 1])], { output: { shape: ['N', 1] } });
  return limit(g.op('Add', [risen, g.scalar(y[0]!, 'float64')], { output: { shape: ['N', 1] } }));
}

function softmaxOf(g: GraphBuilder, logits: Value, shape: (number | string)[]): Value {
  return g.op('Softmax', [logits], { attributes: { axis: -1 }, output: { shape } });
}

/** Each class's logit less ln Σ e^logit of the others, the logarithm of its odds: of two classes the difference of their logits. */
function scoresOf(logits: ArrayLike<number>, classes: number): Float64Array[] {
  const rows = logits.length / classes;
  const scores = Array.from({ length: classes }, () => new Float64Array(rows));
  for (let row = 0; row < rows; row++)
    for (let code = 0; code < classes; code++) {
      let highest = -Infinity;
      for (let other = 0; other < classes; other++) if (other !== code) highest = Math.max(highest, logits[row * classes + other]!);
      let total = 0;
      for (let other = 0; other < classes; other++) if (other !== code) total += Math.exp(logits[row * classes + other]! - highest);
      scores[code]![row] = logits[row * classes + code]! - highest - Math.log(total);
    }
  return scores;
}

function scoreValues(g: GraphBuilder, logits: Value, classes: number): Value {
  const shape = ['N', classes];
  const parts = Array.from({ length: classes }, (_, code) => {
    const others = g.op('Gather', [logits, g.int64(Array.from({ length: classes }, (__, at) => at).filter((at) => at !== code))], {
      attributes: { axis: 1 },
      output: { shape: ['N', classes - 1] },
    });
    const own = g.op('Slice', [logits, g.int64([code]), g.int64([code + 1]), g.int64([1])], { output: { shape: ['N', 1] } });
    const highest = g.op('ReduceMax', [others, g.int64([1])], { attributes: { keepdims: 1 }, output: { shape: ['N', 1] } });
    const relative = g.op('Exp', [g.op('Sub', [others, highest], { output: { shape: ['N', classes - 1] } })]);
    const total = g.op('ReduceSum', [relative, g.int64([1])], { attributes: { keepdims: 1 }, output: { shape: ['N', 1] } });
    const whole = g.op('Add', [highest, g.op('Log', [total], { output: { shape: ['N', 1] } })], { output: { shape: ['N', 1] } });
    return g.op('Sub', [own, whole], { output: { shape: ['N', 1] } });
  });
  return g.op('Concat', parts, { attributes: { axis: 1 }, output: { shape } });
}

function columnsOf(values: Float64Array, classes: number): Float64Array[] {
  return Array.from({ length: classes }, (_, code) => column(values, classes, code));
}

function column(values: Float64Array, classes: number, code: number): Float64Array {
  return Float64Array.from({ length: values.length / classes }, (_, row) => values[row * classes + code]!);
}
