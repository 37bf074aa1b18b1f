import { describe, expect, it } from 'vitest';
import { elementCount, printGraph, type Graph } from '../../index.ts';
import { parseGraphText } from '../../tests/parseGraphText.ts';
import { interpret, tensor, type ReferenceTensor } from '../../tests/referenceInterpreter.ts';
import { testRandom } from '../../tests/runtimes.ts';
import { rewrite } from '../rewrite.ts';
import { exactRewrites, fastRewrites, lastRewrites, oneThreadRewrites } from './index.ts';

describe.each([...exactRewrites, ...fastRewrites, ...oneThreadRewrites, ...lastRewrites])('$name', ({ examples, ...rest }) => {
  const rule = { ...rest, examples };

  it.each(examples.map((each, at) => ({ ...each, at })))('changes example $at as written, and no result', ({ before, after }) => {
    const graph = parseGraphText(before);
    const changed = rewrite(graph, [rule]);
    expect(printGraph(changed)).toBe(after);
    const feeds = randomFeeds(graph, 7);
    const [expected, actual] = [interpret(graph, feeds), interpret(changed, feeds)];
    for (const { name } of graph.outputs) {
      actual[name]!.data.forEach((each, at) => {
        const wanted = expected[name]!.data[at]!;
        if (rule.exact) expect(each).toBe(wanted + 0);
        else expect(Math.abs(each - wanted)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(wanted)));
      });
    }
  });
});

it('has one rewrite of each name, exact ones in the exact list', () => {
  const all = [...exactRewrites, ...fastRewrites, ...oneThreadRewrites, ...lastRewrites];
  expect(new Set(all.map((each) => each.name)).size).toBe(all.length);
  expect(exactRewrites.every((each) => each.exact) && fastRewrites.every((each) => !each.exact)).toBe(true);
});

function randomFeeds(graph: Graph, seed: number): Record<string, ReferenceTensor> {
  const random = testRandom(seed);
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const draw = (): number => (dtype.startsWith('float') ? random() * 2 - 1 : Math.floor(random() * 2));
      return [name, tensor((shape ?? []).map(Number), Array.from({ length: elementCount(shape ?? []) }, draw))];
    }),
  );
}
