import { describe, expect, it } from 'vitest';
import { gradients } from '../../../gradients/index.ts';
import { differentiateSample, drawInput } from '../../../tests/differentiateSample.ts';
import { interpret } from '../../../tests/referenceInterpreter.ts';
import { testRandom } from '../../../tests/runtimes.ts';
import { webGpuForms } from './forms.ts';

// Every rule whose samples hold such an operator, forward or backward: the forms must compute what they stand in for.
const touched = Object.entries(gradients).flatMap(([key, rule]) =>
  rule.samples.flatMap((sample, number) => {
    const plain = differentiateSample(rule, sample, 'float64');
    const formed = differentiateSample(rule, sample, 'float64', webGpuForms);
    const operators = (graph: typeof plain.graph): string => graph.nodes.map((node) => node.opType).join();
    return operators(plain.graph) === operators(formed.graph) ? [] : [{ title: `${key}, sample ${number}`, sample, plain, formed }];
  }),
);

describe('forms for WebGPU', () => {
  it('are met by samples, each of them', () => {
    const covered = new Set(touched.flatMap(({ plain }) => plain.graph.nodes.map((node) => node.opType)));
    expect(Object.keys(webGpuForms).filter((operator) => !covered.has(operator))).toEqual([]);
  });

  it.each(touched)('compute the same: $title', ({ sample, plain, formed }) => {
    const random = testRandom(7);
    const feeds = Object.fromEntries([...plain.inputs, ...plain.cotangents].map((each) => [each.name, drawInput(each, sample, random)]));
    const [expected, actual] = [interpret(plain.graph, feeds), interpret(formed.graph, feeds)];
    for (const { name } of plain.graph.outputs) {
      expect(actual[name]!.shape).toEqual(expected[name]!.shape);
      expected[name]!.data.forEach((each, at) =>
        expect(Math.abs(actual[name]!.data[at]! - each)).toBeLessThan(1e-9 * Math.max(1, Math.abs(each))),
      );
    }
  });
});
