import { describe, expect, it } from 'vitest';
import { TypedOps, typed } from '../2-shapes/typedOps.ts';
import type { Graph } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import { outputsAsComputed } from './outputsAsComputed.ts';

const shapes = (name: string): readonly number[] | undefined => (name === 'x' ? [4] : [2, 2]);

function opTypes({ nodes }: Graph): string[] {
  return nodes.map((each) => each.opType);
}

describe('outputsAsComputed', () => {
  const build = (add: (g: TypedOps, builder: GraphBuilder) => void): Graph => {
    const builder = new GraphBuilder('test');
    add(new TypedOps(builder), builder);
    return builder.build();
  };
  const reshaped = build((g, builder) => {
    const x = typed(builder.input('x', 'float32', [2, 2]));
    const [flat] = g.node('Reshape', [g.op('Neg', [x]), builder.int64([4])], {}, ['gradient.x']);
    builder.output(flat!);
  });

  it('gives what a Reshape would have copied, under the same name, in the shape before it', () => {
    const graph = outputsAsComputed(reshaped, () => true, shapes);
    expect(opTypes(graph)).toEqual(['Neg']);
    expect(graph.outputs).toEqual([{ name: 'gradient.x', dtype: 'float32', shape: [2, 2] }]);
    expect(graph.nodes[0]!.outputs).toEqual(['gradient.x']);
    expect(graph.initializers.size).toBe(0);
  });

  it('leaves outputs whose shape matters', () => {
    expect(outputsAsComputed(reshaped, () => false, shapes)).toBe(reshaped);
  });

  it('leaves a Reshape of an input, and one that other nodes read', () => {
    const ofInput = build((g, builder) => {
      builder.output(g.reshape(typed(builder.input('x', 'float32', [2, 2])), [4]), 'y');
    });
    expect(outputsAsComputed(ofInput, () => true, shapes)).toBe(ofInput);
    const read = build((g, builder) => {
      const flat = g.reshape(g.op('Neg', [typed(builder.input('x', 'float32', [2, 2]))]), [4]);
      builder.output(flat);
      builder.output(g.exp(flat));
    });
    expect(outputsAsComputed(read, () => true, shapes)).toBe(read);
  });

  it('gives one value under one name only', () => {
    const twice = build((g, builder) => {
      const value = g.op('Neg', [typed(builder.input('x', 'float32', [2, 2]))]);
      builder.output(g.reshape(value, [4]));
      builder.output(g.reshape(value, [1, 4]));
    });
    expect(opTypes(outputsAsComputed(twice, () => true, shapes))).toEqual(['Neg', 'Reshape']);
  });
});
