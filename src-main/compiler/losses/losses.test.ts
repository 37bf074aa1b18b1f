import { describe, expect, it } from 'vitest';
import { TypedOps, typed, type TypedValue } from '../2-shapes/typedOps.ts';
import { backpropagate } from '../3-differentiate/backpropagate.ts';
import { GraphBuilder, type Graph } from '../index.ts';
import { interpret, size, tensor, type ReferenceTensor } from '../tests/referenceInterpreter.ts';
import { testRandom } from '../tests/runtimes.ts';
import { lossOf, type LossSettings } from './index.ts';

type Rows = Readonly<Record<string, { shape: readonly number[]; data: readonly number[] }>>;
interface Case {
  loss: LossSettings;
  /** Shapes of the values that the loss reads; the first is the prediction. */
  values: Readonly<Record<string, readonly number[]>>;
  targets?: (random: () => number, name: string) => number[];
  targetShapes?: Readonly<Record<string, readonly number[]>>;
  /** Loss of one row, or of the whole batch, by the definition. */
  byRow?: (values: Record<string, number[]>, target: number[]) => number;
  byBatch?: (values: Rows, targets: Record<string, number[]>, shares: readonly number[]) => number;
}

const shares = [0.1, 0.3, 0, 0.4, 0.2];
const rows = shares.length;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length;
const logSumExp = (z: readonly number[]): number => Math.log(sum(z.map(Math.exp)));
const crossEntropy = (z: readonly number[], label: number): number => logSumExp(z) - z[label]!;
const sigma = (z: number): number => 1 / (1 + Math.exp(-z));
const classes =
  (count: number, perRow = 1) =>
  (random: () => number): number[] =>
    Array.from({ length: rows * perRow }, () => Math.floor(random() * count));
const between =
  (low: number, high: number, perRow: number) =>
  (random: () => number): number[] =>
    Array.from({ length: rows * perRow }, () => low + (high - low) * random());

const cases: Case[] = [
  { loss: { kind: 'softmaxCrossEntropy' }, values: { z: [rows, 3] }, targets: classes(3), byRow: ({ z }, [y]) => crossEntropy(z!, y!) },
  {
    loss: { kind: 'softmaxCrossEntropy', labelSmoothing: 0.1, classWeights: [0.5, 1, 1.5] },
    values: { z: [rows, 3] },
    targets: classes(3),
    byRow: ({ z }, [y]) =>
      0.9 * [0.5, 1, 1.5][y!]! * crossEntropy(z!, y!) + (0.1 / 3) * sum([0.5, 1, 1.5].map((weight, c) => weight * crossEntropy(z!, c))),
  },
  {
    loss: { kind: 'softmaxCrossEntropy' },
    values: { z: [rows, 4, 3] },
    targetShapes: { '': [rows, 4] },
    targets: classes(3, 4),
    byRow: ({ z }, y) => mean(y.map((label, step) => crossEntropy(z!.slice(3 * step, 3 * step + 3), label))),
  },
  {
    loss: { kind: 'softmaxCrossEntropy', ignoreIndex: -100 },
    values: { z: [rows, 2, 3] },
    targetShapes: { '': [rows, 2] },
    targets: () => [0, -100, 2, 1, 1, 1, -100, -100, 2, 0],
    byBatch: ({ z }, { '': y }) => {
      const kept = y!.flatMap((label, at) =>
        label < 0 ? [] : [[shares[at >> 1]!, crossEntropy(z!.data.slice(3 * at, 3 * at + 3), label)]],
      );
      return sum(kept.map(([share, loss]) => share! * loss!)) / sum(kept.map(([share]) => share!));
    },
  },
  {
    loss: { kind: 'binaryCrossEntropy', positiveWeight: 3 },
    values: { z: [rows, 2] },
    targets: between(0, 1, 2),
    byRow: ({ z }, y) => mean(z!.map((each, at) => -3 * y[at]! * Math.log(sigma(each)) - (1 - y[at]!) * Math.log(1 - sigma(each)))),
  },
  {
    loss: { kind: 'focal', gamma: 1.5, classWeights: [1, 2, 3] },
    values: { z: [rows, 3] },
    targets: classes(3),
    byRow: ({ z }, [y]) => (y! + 1) * (1 - Math.exp(-crossEntropy(z!, y!))) ** 1.5 * crossEntropy(z!, y!),
  },
  {
    loss: { kind: 'hinge', margin: 0.8 },
    values: { z: [rows, 3] },
    targets: classes(3),
    byRow: ({ z }, [y]) => sum(z!.map((each, c) => (c === y ? 0 : Math.max(0, 0.8 + each - z![y!]!)))) / 3,
  },
  {
    loss: { kind: 'klDivergence' },
    values: { z: [rows, 2] },
    targets: (random) =>
      Array.from({ length: rows }, () => {
        const p = random();
        return [p, 1 - p];
      }).flat(),
    byRow: ({ z }, t) => sum(t.map((p, c) => p * (Math.log(p) + crossEntropy(z!, c)))),
  },
  {
    loss: { kind: 'meanSquaredError' },
    values: { z: [rows, 2] },
    targets: between(-2, 2, 2),
    byRow: ({ z }, t) => mean(z!.map((each, at) => (each - t[at]!) ** 2)),
  },
  {
    loss: { kind: 'meanAbsoluteError' },
    values: { z: [rows, 2] },
    targets: between(-2, 2, 2),
    byRow: ({ z }, t) => mean(z!.map((each, at) => Math.abs(each - t[at]!))),
  },
  {
    loss: { kind: 'huber', delta: 0.7 },
    values: { z: [rows, 1] },
    targets: between(-2, 2, 1),
    byRow: ({ z }, [t]) => {
      const r = Math.abs(z![0]! - t!);
      return r <= 0.7 ? r ** 2 / 2 : 0.7 * (r - 0.35);
    },
  },
  {
    loss: { kind: 'quantile', quantiles: [0.1, 0.5, 0.9] },
    values: { z: [rows, 3] },
    targetShapes: { '': [rows, 1] },
    targets: between(-2, 2, 1),
    byRow: ({ z }, [t]) => mean([0.1, 0.5, 0.9].map((q, at) => Math.max(q * (t! - z![at]!), (q - 1) * (t! - z![at]!)))),
  },
  {
    loss: { kind: 'poisson' },
    values: { z: [rows, 1] },
    targets: between(0, 5, 1),
    byRow: ({ z }, [y]) => Math.exp(z![0]!) - y! * z![0]!,
  },
  {
    loss: { kind: 'tweedie', power: 1.4 },
    values: { z: [rows, 1] },
    targets: between(0, 5, 1),
    byRow: ({ z }, [y]) => Math.exp(0.6 * z![0]!) / 0.6 + (y! * Math.exp(-0.4 * z![0]!)) / 0.4,
  },
  {
    loss: { kind: 'conditionalRandomField', transitions: 'A', start: 'from', end: 'to' },
    values: { z: [rows, 3, 2], A: [2, 2], from: [2], to: [2] },
    targetShapes: { '': [rows, 3] },
    targets: () => [0, 1, 1, 1, 0, -1, 1, -1, -1, 0, 0, 0, 1, 1, -1],
    byBatch: ({ z, A, from, to }, { '': tags }) =>
      sum(
        shares.map((share, row) => {
          const wanted = tags!.slice(3 * row, 3 * row + 3).filter((tag) => tag >= 0);
          const score = (path: readonly number[]): number =>
            from!.data[path[0]!]! +
            to!.data[path.at(-1)!]! +
            sum(path.map((tag, step) => z!.data[(3 * row + step) * 2 + tag]! + (step > 0 ? A!.data[2 * path[step - 1]! + tag]! : 0)));
          return share * (logSumExp(sequences(2, wanted.length).map(score)) - score(wanted));
        }),
      ),
  },
  {
    loss: { kind: 'connectionistTemporal', labelCount: 2 },
    values: { z: [rows, 4, 3] },
    targetShapes: { '': [rows, 2] },
    targets: () => [1, 2, 2, 2, 1, -1, 2, 1, 2, -1],
    byBatch: ({ z }, { '': labels }) =>
      sum(
        shares.map((share, row) => {
          const wanted = labels!
            .slice(2 * row, 2 * row + 2)
            .filter((each) => each >= 0)
            .join();
          const collapse = (path: readonly number[]): string => path.filter((each, at) => each !== 0 && each !== path[at - 1]).join();
          const step = (at: number): number[] => z!.data.slice(3 * (4 * row + at), 3 * (4 * row + at) + 3);
          const paths = sequences(3, 4).filter((path) => collapse(path) === wanted);
          return -share * logSumExp(paths.map((path) => sum(path.map((label, at) => -crossEntropy(step(at), label)))));
        }),
      ),
  },
  {
    loss: { kind: 'infoNce', first: 'a', second: 'b', temperature: 0.5 },
    values: { a: [rows, 3], b: [rows, 3] },
    byBatch: ({ a, b }) => {
      const unit = (data: readonly number[], row: number): number[] => {
        const each = data.slice(3 * row, 3 * row + 3);
        return each.map((x) => x / Math.hypot(...each));
      };
      const real = [0, 1, 3, 4];
      const z = (i: number, j: number): number => sum(unit(a!.data, i).map((x, at) => x * unit(b!.data, j)[at]!)) / 0.5;
      return sum(
        real.map((i) => (shares[i]! * (logSumExp(real.map((j) => z(i, j))) - z(i, i) + logSumExp(real.map((j) => z(j, i))) - z(i, i))) / 2),
      );
    },
  },
  {
    loss: { kind: 'triplet', anchor: 'a', positive: 'p', negative: 'n', margin: 0.5 },
    values: { a: [rows, 2], p: [rows, 2], n: [rows, 2] },
    byRow: ({ a, p, n }) => Math.max(0, apart(a!, p!) - apart(a!, n!) + 0.5),
  },
  {
    loss: { kind: 'elbo', reconstruction: 'x', mean: 'mu', logVariance: 'log', beta: 0.7 },
    values: { x: [rows, 3], mu: [rows, 2], log: [rows, 2] },
    targets: between(0, 1, 3),
    byRow: ({ x, mu, log }, t) =>
      sum(x!.map((z, at) => -t[at]! * Math.log(sigma(z)) - (1 - t[at]!) * Math.log(1 - sigma(z)))) + 0.7 * divergence(mu!, log!),
  },
  {
    loss: { kind: 'elbo', reconstruction: 'x', mean: 'mu', logVariance: 'log', likelihood: 'gaussian' },
    values: { x: [rows, 3], mu: [rows, 2], log: [rows, 2] },
    targets: between(-1, 1, 3),
    byRow: ({ x, mu, log }, t) => sum(x!.map((each, at) => (each - t[at]!) ** 2 / 2)) + divergence(mu!, log!),
  },
  {
    loss: { kind: 'discriminator', real: 'r', fake: 'f' },
    values: { r: [rows, 1], f: [rows, 1] },
    byRow: ({ r, f }) => -Math.log(sigma(r![0]!)) - Math.log(1 - sigma(f![0]!)),
  },
  { loss: { kind: 'generator', fake: 'f' }, values: { f: [rows, 1] }, byRow: ({ f }) => -Math.log(sigma(f![0]!)) },
  { loss: { kind: 'wassersteinGenerator', fake: 'f' }, values: { f: [rows, 1] }, byRow: ({ f }) => -f![0]! },
  {
    loss: {
      kind: 'multiTask',
      tasks: [
        { output: 'kind', loss: { kind: 'softmaxCrossEntropy' }, weight: 2 },
        { output: 'amount', loss: { kind: 'meanSquaredError' } },
      ],
      weighting: 'uncertainty',
    },
    values: { kind: [rows, 3], amount: [rows, 1], 'logVariance.kind': [], 'logVariance.amount': [] },
    targetShapes: { kind: [rows], amount: [rows, 1] },
    targets: (random, name) => (name === 'kind' ? classes(3)(random) : between(-1, 1, 1)(random)),
    byBatch: (values, targets) => {
      const task = (name: string, loss: (row: number) => number): number => {
        const s = values[`logVariance.${name}`]!.data[0]!;
        return Math.exp(-s) * sum(shares.map((share, row) => share * loss(row))) + s / 2;
      };
      return (
        task('kind', (row) => 2 * crossEntropy(values['kind']!.data.slice(3 * row, 3 * row + 3), targets['kind']![row]!)) +
        task('amount', (row) => (values['amount']!.data[row]! - targets['amount']![row]!) ** 2)
      );
    },
  },
];

describe.each(cases.map((each) => [JSON.stringify(each.loss), each] as const))('%s', (_, given) => {
  const { loss, values, targets, targetShapes, byRow, byBatch } = given;
  const random = testRandom(7);
  const { graph, names, targetNames } = lossGraph(loss, values);
  const point: Record<string, ReferenceTensor> = Object.fromEntries(
    names.map((name) => [
      name,
      tensor(
        values[name]!,
        Array.from({ length: size(values[name]!) }, () => random() * 4 - 2),
      ),
    ]),
  );
  const wanted = Object.fromEntries(targetNames.map((name) => [name, targets!(random, name)]));
  const feeds = (at: Record<string, ReferenceTensor>): Record<string, ReferenceTensor> => ({
    ...at,
    shares: tensor([rows], shares),
    ...Object.fromEntries(
      targetNames.map((name) => {
        const shape = targetShapes?.[name] ?? (wanted[name]!.length === rows && targetIsClass(loss) ? [rows] : values[names[0]!]!);
        return [`targets.${name}`, tensor(shape, wanted[name]!)];
      }),
    ),
  });
  const value = (at: Record<string, ReferenceTensor>): number => interpret(graph, feeds(at))['value']!.data[0]!;

  it('equals the definition written out, weighted by row', () => {
    const expected = byBatch
      ? byBatch(
          Object.fromEntries(Object.entries(point).map(([name, each]) => [name, { shape: each.shape, data: [...each.data] }])),
          wanted,
          shares,
        )
      : sum(
          shares.map((share, row) => {
            const rowOf = (data: ArrayLike<number>): number[] => {
              const width = data.length / rows;
              return Array.from(data).slice(row * width, (row + 1) * width);
            };
            const own = Object.fromEntries(Object.entries(point).map(([name, each]) => [name, rowOf(each.data)]));
            return share * byRow!(own, wanted[''] ? rowOf(wanted['']) : []);
          }),
        );
    expect(value(point)).toBeCloseTo(expected, 9);
  });

  it('gives the gradient that central differences measure', () => {
    const results = interpret(graph, feeds(point));
    for (const name of names) {
      point[name]!.data.forEach((each, at) => {
        const moved = (by: number): number => value({ ...point, [name]: { ...point[name]!, data: point[name]!.data.with(at, each + by) } });
        expect(results[`gradient.${name}`]!.data[at], `${name}[${at}]`).toBeCloseTo((moved(6e-6) - moved(-6e-6)) / 1.2e-5, 7);
      });
    }
  });

  it('cites its source', () => {
    const rule = lossOf(loss);
    expect(rule.source).toMatch(/\d{4}/);
    expect(rule.kind).toBe(loss.kind);
    expect(rule.formula).toContain('loss');
  });
});

describe('softmaxCrossEntropy', () => {
  it('stays finite where a probability underflows', () => {
    const { graph } = lossGraph({ kind: 'softmaxCrossEntropy' }, { z: [5, 2] });
    const out = interpret(graph, {
      z: tensor([5, 2], [5000, 0, 0, 5000, 0, 0, 0, 0, 0, 0]),
      'targets.': tensor([5], [1, 1, 0, 0, 0]),
      shares: tensor([5], [1, 1, 0, 0, 0]),
    });
    expect(out['value']!.data[0]).toBe(5000);
    expect(Array.from(out['gradient.z']!.data.subarray(0, 4))).toEqual([1, -1, 0, 0]);
  });

  it('is 0, with gradient 0, where every target of a batch is ignored', () => {
    const { graph } = lossGraph({ kind: 'softmaxCrossEntropy', ignoreIndex: -1 }, { z: [5, 2] });
    const out = interpret(graph, {
      z: tensor([5, 2], [5, 0, 0, 5, 0, 0, 0, 0, 0, 0]),
      'targets.': tensor([5], [-1, -1, -1, -1, -1]),
      shares: tensor([5], shares),
    });
    expect(out['value']!.data[0]).toBeCloseTo(0, 12);
    expect(Array.from(out['gradient.z']!.data)).toEqual(Array.from({ length: 10 }, () => 0));
  });
});

it('the penalty of a Wasserstein critic is the squared excess of the slope over 1, differentiated by the weights', () => {
  const builder = new GraphBuilder('critic');
  const g = new TypedOps(builder);
  const weight = typed(builder.input('weight', 'float64', [2, 1]));
  const score = (name: string): TypedValue => g.op('Tanh', [g.matMul(typed(builder.input(name, 'float64', [rows, 2])), weight)]);
  const known = new Map<string, TypedValue>();
  for (const name of ['real', 'fake', 'mixed']) known.set(`${name}Score`, score(name));
  known.set('mixed', builder.value('mixed') as TypedValue);
  const rowShares = typed(builder.input('shares', 'float64', [rows]));
  const { value } = lossOf({
    kind: 'wassersteinCritic',
    real: 'realScore',
    fake: 'fakeScore',
    between: { score: 'mixedScore', point: 'mixed' },
  }).emit(g, {
    prediction: known.get('realScore')!,
    outputs: known,
    value: (name) => known.get(name)!,
    rowShares,
    targets: () => expect.fail('a critic has no targets'),
    parameter: () => expect.fail('a critic has no parameters of the loss'),
  });
  const [gradient] = backpropagate(g, [{ value, gradient: g.scalar(1, value) }], [weight]);
  builder.output(value, 'value');
  builder.output(gradient!, 'gradient');
  const graph = builder.build();
  const random = testRandom(4);
  const draw = (shape: number[]): ReferenceTensor =>
    tensor(
      shape,
      Array.from({ length: size(shape) }, () => random() * 2 - 1),
    );
  const point: Record<string, ReferenceTensor> = {
    weight: draw([2, 1]),
    real: draw([rows, 2]),
    fake: draw([rows, 2]),
    mixed: draw([rows, 2]),
    shares: tensor([rows], shares),
  };
  const [w0, w1] = point['weight']!.data as unknown as [number, number];
  const scoreOf = (name: string, row: number): number => Math.tanh(point[name]!.data[2 * row]! * w0 + point[name]!.data[2 * row + 1]! * w1);
  const expected = sum(
    shares.map((share, row) => {
      const slope = (1 - scoreOf('mixed', row) ** 2) * Math.hypot(w0, w1);
      return share * (scoreOf('fake', row) - scoreOf('real', row) + 10 * (slope - 1) ** 2);
    }),
  );
  const out = interpret(graph, point);
  expect(out['value']!.data[0]).toBeCloseTo(expected, 9);
  for (const at of [0, 1]) {
    const moved = (by: number): number => {
      const weights = point['weight']!.data;
      return interpret(graph, { ...point, weight: tensor([2, 1], weights.with(at, weights[at]! + by)) })['value']!.data[0]!;
    };
    expect(out['gradient']!.data[at]).toBeCloseTo((moved(6e-6) - moved(-6e-6)) / 1.2e-5, 7);
  }
});

it('settings that cannot be meant are refused', () => {
  expect(() => lossOf({ kind: 'huber', delta: 0 })).toThrow('positive');
  expect(() => lossOf({ kind: 'tweedie', power: 2 })).toThrow('between 1 and 2');
  expect(() => lossOf({ kind: 'quantile', quantiles: [0.5, 1] })).toThrow('between 0 and 1');
  expect(() => lossOf({ kind: 'softmaxCrossEntropy', labelSmoothing: 1 })).toThrow('below 1');
  expect(() => lossOf({ kind: 'focal', gamma: -1 })).toThrow('at least 0');
  expect(() => lossGraph({ kind: 'softmaxCrossEntropy', classWeights: [1] }, { z: [5, 3] })).toThrow('1 class weights do not fit 3');
});

/** The loss and its gradients by every value, over values given as inputs. */
function lossGraph(
  loss: LossSettings,
  values: Readonly<Record<string, readonly number[]>>,
): { graph: Graph; names: string[]; targetNames: string[] } {
  const builder = new GraphBuilder('loss');
  const g = new TypedOps(builder);
  const names = Object.keys(values);
  const given = new Map(names.map((name) => [name, typed(builder.input(name, 'float64', values[name]!))]));
  const targetNames: string[] = [];
  const prediction = given.get(names[0]!)!;
  const { value, gradient } = lossOf(loss).emit(g, {
    prediction,
    outputs: given,
    value: (name) => given.get(name)!,
    rowShares: typed(builder.input('shares', 'float64', [rows])),
    targets: (spec) => {
      targetNames.push(spec.name);
      return typed(builder.input(`targets.${spec.name}`, spec.dtype, spec.shape));
    },
    parameter: (name) => given.get(name)!,
  });
  const all = [...given.values()];
  const gradients = gradient ? [gradient] : backpropagate(g, [{ value, gradient: g.scalar(1, value) }], all);
  builder.output(value, 'value');
  all.forEach((each, at) => builder.output(gradients[at] ?? g.filledLike(each), `gradient.${each.name}`));
  return { graph: builder.build(), names, targetNames };
}

function targetIsClass({ kind }: LossSettings): boolean {
  return kind === 'softmaxCrossEntropy' || kind === 'focal' || kind === 'hinge';
}

function sequences(count: number, length: number): number[][] {
  return length === 0
    ? [[]]
    : sequences(count, length - 1).flatMap((start) => Array.from({ length: count }, (_, each) => [...start, each]));
}

function apart(left: readonly number[], right: readonly number[]): number {
  return Math.hypot(...left.map((each, at) => each - right[at]! + 1e-6));
}

function divergence(mu: readonly number[], log: readonly number[]): number {
  return -0.5 * sum(mu.map((each, at) => 1 + log[at]! - each ** 2 - Math.exp(log[at]!)));
}
