import { describe, expect, it } from 'vitest';
import { gradientsOf } from '../3-differentiate/backpropagate.ts';
import { TypedOps, typed } from '../2-shapes/typedOps.ts';
import { GraphBuilder, type Graph } from '../index.ts';
import { interpret, tensor } from '../tests/referenceInterpreter.ts';
import { testRandom } from '../tests/runtimes.ts';
import { lossOf, type LossSettings } from './index.ts';

const rows = 5;
const shares = tensor([rows], [0.1, 0.3, 0, 0.4, 0.2]);
const cases: { loss: LossSettings; outputs: number; byHand: (prediction: number[], target: number[]) => number }[] = [
  {
    loss: { kind: 'softmaxCrossEntropy' },
    outputs: 3,
    byHand: (z, [label]) => Math.log(z.reduce((sum, each) => sum + Math.exp(each), 0)) - z[label!]!,
  },
  {
    loss: { kind: 'softmaxCrossEntropy' },
    outputs: 2,
    byHand: ([no, yes], [label]) => Math.log(1 + Math.exp(label ? no! - yes! : yes! - no!)),
  },
  { loss: { kind: 'meanSquaredError' }, outputs: 2, byHand: (p, t) => ((p[0]! - t[0]!) ** 2 + (p[1]! - t[1]!) ** 2) / 2 },
  {
    loss: { kind: 'huber', delta: 0.7 },
    outputs: 1,
    byHand: ([p], [t]) => {
      const r = Math.abs(p! - t!);
      return r <= 0.7 ? r ** 2 / 2 : 0.7 * (r - 0.35);
    },
  },
];

describe.each(cases)('$loss.kind with $outputs outputs', ({ loss, outputs, byHand }) => {
  const rule = lossOf(loss);
  const random = testRandom(7);
  const width = rule.targetType === 'classes' ? 1 : outputs;
  const prediction = tensor(
    [rows, outputs],
    Array.from({ length: rows * outputs }, () => random() * 4 - 2),
  );
  const targets = tensor(
    rule.targetType === 'classes' ? [rows] : [rows, outputs],
    Array.from({ length: rows * width }, () => (rule.targetType === 'classes' ? Math.floor(random() * outputs) : random() * 4 - 2)),
  );
  const graph = lossGraph(loss, outputs);
  const value = (at: Float64Array): number =>
    interpret(graph, { prediction: { ...prediction, data: at }, targets, shares })['value']!.data[0]!;

  it('equals the definition written out, weighted by row', () => {
    const expected = Array.from(
      { length: rows },
      (_, row) =>
        shares.data[row]! *
        byHand(
          Array.from(prediction.data.subarray(row * outputs, (row + 1) * outputs)),
          Array.from(targets.data.subarray(row * width, (row + 1) * width)),
        ),
    );
    expect(value(prediction.data)).toBeCloseTo(
      expected.reduce((sum, each) => sum + each, 0),
      12,
    );
  });

  it('gives the gradient that central differences measure', () => {
    const gradient = interpret(graph, { prediction, targets, shares })['gradient']!.data;
    prediction.data.forEach((each, at) => {
      const moved = (by: number): number => value(prediction.data.with(at, each + by));
      expect(gradient[at]).toBeCloseTo((moved(6e-6) - moved(-6e-6)) / 1.2e-5, 8);
    });
  });

  it('cites its source', () => {
    expect(rule.source).toMatch(/\(\d{4}\)|\d{4}/);
    expect(rule.kind).toBe(loss.kind);
  });
});

describe('softmaxCrossEntropy', () => {
  it('stays finite where a probability underflows', () => {
    const graph = lossGraph({ kind: 'softmaxCrossEntropy' }, 2);
    const out = interpret(graph, {
      prediction: tensor([5, 2], [5000, 0, 0, 5000, 0, 0, 0, 0, 0, 0]),
      targets: tensor([5], [1, 1, 0, 0, 0]),
      shares: tensor([5], [1, 1, 0, 0, 0]),
    });
    expect(out['value']!.data[0]).toBe(5000);
    expect(Array.from(out['gradient']!.data.subarray(0, 4))).toEqual([1, -1, 0, 0]);
  });
});

it('huber refuses a delta that is not positive', () => {
  expect(() => lossOf({ kind: 'huber', delta: 0 })).toThrow('positive');
});

function lossGraph(loss: LossSettings, outputs: number): Graph {
  const rule = lossOf(loss);
  const builder = new GraphBuilder('loss');
  const prediction = typed(builder.input('prediction', 'float64', [rows, outputs]));
  const targets = typed(
    rule.targetType === 'classes' ? builder.input('targets', 'int32', [rows]) : builder.input('targets', 'float64', [rows, outputs]),
  );
  const g = new TypedOps(builder);
  const { value, gradient } = rule.emit(g, {
    prediction,
    targets,
    rowShares: typed(builder.input('shares', 'float64', [rows])),
  });
  builder.output(value, 'value');
  builder.output(gradient ?? gradientsOf(g, value, [prediction])[0]!, 'gradient');
  return builder.build();
}
