// Sets of classes that hold the truth with a promised share, whatever the model.
import { GraphBuilder, type Graph, type Value } from '../../../../compiler/index.ts';
import { conformalQuantile } from './conformalQuantile.ts';

/**
 * `lac`: every class whose probability is at least 1 − threshold (least ambiguous sets: the smallest on average). `aps`: the most probable classes
 * until their probabilities reach the threshold (adaptive: larger where the model is unsure). One threshold, or one a class (Mondrian: the
 * promise then holds for every class by itself). Plain JSON; a threshold that lets every class in is null.
 */
export interface ConformalSet {
  kind: 'lac' | 'aps';
  coverage: number;
  thresholds: (number | null)[];
  rows: number;
}

/**
 * From probabilities [rows, classes] of rows that the model was not fitted to. LAC: Sadinle, Lei & Wasserman, J. Am. Stat. Assoc. 114 (2019).
 * APS: Romano, Sesia & Candès, NeurIPS 2020, without their randomisation: equal rows get equal sets, and since the least
 * probable class always has the score 1, a class that mostly is that one is covered more than promised. By class: Vovk (2012), §3.
 */
export function fitSet(
  kind: ConformalSet['kind'],
  probabilities: ArrayLike<number>,
  codes: Int32Array,
  classes: number,
  coverage: number,
  { byClass = false }: { byClass?: boolean } = {},
): ConformalSet {
  const scores = Float64Array.from(codes, (code, row) => scoreOf(kind, probabilities, row * classes, classes, code));
  const groups = byClass ? Array.from({ length: classes }, (_, code) => scores.filter((__, row) => codes[row] === code)) : [scores];
  const thresholds = groups.map((each) => {
    const threshold = conformalQuantile(each, coverage);
    return Number.isFinite(threshold) ? threshold : null;
  });
  return { kind, coverage, thresholds, rows: codes.length };
}

/**
 * 0 or 1 [rows, classes]. The most probable class is always in: an empty set says nothing to anyone. Where the model is right more often
 * than was promised, that alone covers more than was promised.
 */
export function setsOf({ kind, thresholds }: ConformalSet, probabilities: ArrayLike<number>, classes: number): Uint8Array {
  const sets = new Uint8Array(probabilities.length);
  for (let start = 0; start < probabilities.length; start += classes)
    for (let code = 0; code < classes; code++) {
      const threshold = thresholds[thresholds.length === 1 ? 0 : code] ?? Infinity;
      sets[start + code] = Number(scoreOf(kind, probabilities, start, classes, code) <= threshold + rounding);
    }
  return sets;
}

/** Thresholds are met with this much to spare: sums in another order let the same classes in. */
const rounding = 1e-9;

/**
 * The most probable class (of equal ones the first): 0. Of others LAC: 1 − p; APS: the probabilities of all classes that are more probable
 * (of equal ones, that stand before) and its own.
 */
function scoreOf(kind: ConformalSet['kind'], probabilities: ArrayLike<number>, start: number, classes: number, code: number): number {
  const own = probabilities[start + code]!;
  let sum = 0;
  let isTop = true;
  for (let other = 0; other < classes; other++) {
    const p = probabilities[start + other]!;
    if (p > own || (p === own && other <= code)) sum += p;
    isTop &&= other === code || own > p || (own === p && code < other);
  }
  return isTop ? 0 : kind === 'lac' ? 1 - own : sum;
}

/** Graph `probabilities` float32 [N, classes] → `set` bool [N, classes]. APS compares every two classes of a row. */
export function setGraph({ kind, thresholds }: ConformalSet, classes: number): Graph {
  const g = new GraphBuilder('set');
  const shape = ['N', classes];
  const input = g.input('probabilities', 'float32', shape);
  const p = g.op('Cast', [input], { attributes: { to: 11 }, output: { dtype: 'float64', shape } });
  const one = g.scalar(1, 'float64');
  const scores = kind === 'lac' ? g.op('Sub', [one, p], { output: { shape } }) : cumulated(g, p, classes);
  const limits = Float64Array.from(
    { length: classes },
    (_, code) => (thresholds[thresholds.length === 1 ? 0 : code] ?? Infinity) + rounding,
  );
  const isIn = g.op('LessOrEqual', [scores, g.float64(limits, [1, classes])], { output: { dtype: 'bool', shape } });
  const top = g.op('ArgMax', [input], { attributes: { axis: 1, keepdims: 1 }, output: { dtype: 'int64', shape: ['N', 1] } });
  const codes = g.int64(
    Array.from({ length: classes }, (_, code) => code),
    [1, classes],
  );
  const isTop = g.op('Equal', [codes, top], { output: { dtype: 'bool', shape } });
  g.output(g.op('Or', [isIn, isTop], { output: { dtype: 'bool', shape } }), 'set');
  return g.build();
}

function cumulated(g: GraphBuilder, p: Value, classes: number): Value {
  const pairs = ['N', classes, classes];
  const own = g.op('Unsqueeze', [p, g.int64([2])], { output: { shape: ['N', classes, 1] } });
  const others = g.op('Unsqueeze', [p, g.int64([1])], { output: { shape: ['N', 1, classes] } });
  const bool = { output: { dtype: 'bool', shape: pairs } } as const;
  const stands = Array.from({ length: classes * classes }, (_, at) => at % classes <= Math.floor(at / classes));
  const isBefore = g.op('And', [g.op('Equal', [others, own], bool), g.bool(stands, [1, classes, classes])], bool);
  const counts = g.op('Or', [g.op('Greater', [others, own], bool), isBefore], bool);
  const factors = g.op('Cast', [counts], { attributes: { to: 11 }, output: { dtype: 'float64', shape: pairs } });
  return g.op('ReduceSum', [g.op('Mul', [factors, others], { output: { shape: pairs } }), g.int64([2])], {
    attributes: { keepdims: 0 },
    output: { shape: ['N', classes] },
  });
}
