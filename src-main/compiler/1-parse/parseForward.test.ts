import { describe, expect, it } from 'vitest';
import { GraphBuilder, type Graph } from '../index.ts';
import { parseForward, forInference } from './parseForward.ts';

describe('parseForward', () => {
  it('binds the batch name to its size and tells weights from data', () => {
    const { graph, parameters, dataInputs, outputs } = parseForward(forward('Relu'), { parameters: ['weight'] }, 16);
    expect(graph.inputs.map((each) => each.shape)).toEqual([
      [16, 3],
      [3, 2],
    ]);
    expect(parameters.map((each) => each.name)).toEqual(['weight']);
    expect(dataInputs.map((each) => each.name)).toEqual(['features']);
    expect(outputs[0]!.shape).toEqual([16, 2]);
  });

  it('refuses an operator without a gradient rule, naming it and its node', () => {
    for (const [opType, domain, operator] of [
      ['TfIdfVectorizer', '', 'TfIdfVectorizer'],
      ['Relu', 'com.microsoft', 'com.microsoft.Relu'],
    ]) {
      expect(() => parseForward(forward(opType!, domain), { parameters: ['weight'] }, 4)).toThrow(
        expect.objectContaining({
          code: 'MK_COMPILER_OPERATOR_UNSUPPORTED',
          params: { operator, node: expect.stringContaining(opType!) as string },
        }),
      );
    }
  });

  it('says what stands in the way of operators that draw numbers or whose size depends on the data', () => {
    for (const [opType, code] of [
      ['Bernoulli', 'MK_COMPILER_OPERATOR_RANDOM'],
      ['RandomUniform', 'MK_COMPILER_OPERATOR_RANDOM'],
      ['Unique', 'MK_COMPILER_OPERATOR_SIZED_BY_DATA'],
      ['Compress', 'MK_COMPILER_OPERATOR_SIZED_BY_DATA'],
    ])
      expect(() => parseForward(forward(opType!), { parameters: ['weight'] }, 4)).toThrow(
        expect.objectContaining({ code, params: { operator: opType, node: expect.stringContaining(opType!) as string } }),
      );
  });

  it('refuses unknown parameters, fixed or different batch axes and a graph without outputs', () => {
    expect(() => parseForward(forward('Relu'), { parameters: ['bias'] }, 4)).toThrow('no input "bias"');
    expect(() =>
      parseForward({ ...forward('Relu'), inputs: [{ name: 'features', dtype: 'float32', shape: [4, 3] }] }, { parameters: [] }, 4),
    ).toThrow("must be a name such as 'N'");
    const two = new GraphBuilder('two');
    two.output(two.op('Add', [two.input('a', 'float32', ['N', 1]), two.input('b', 'float32', ['M', 1])]), 'y');
    expect(() => parseForward(two.build(), { parameters: [] }, 4)).toThrow('differently: N, M');
    expect(() => parseForward({ ...forward('Relu'), outputs: [] }, { parameters: ['weight'] }, 4)).toThrow('no output');
  });

  it('turns Dropout into Mul by a mask for training and drops it for serving', () => {
    const g = new GraphBuilder('dropout');
    const x = g.input('x', 'float32', ['N', 2]);
    g.output(g.op('Dropout', [g.op('Dropout', [x, g.scalar(0.3)])]), 'y');
    const parsed = parseForward(g.build(), { parameters: [] }, 4);
    expect(parsed.graph.nodes.map((each) => each.opType)).toEqual(['Mul', 'Mul', 'Identity']);
    // In steps of 1/65536; 0.5 is ONNX's default.
    expect(parsed.keepMasks.map((each) => each.rate)).toEqual([Math.round(0.3 * 65536) / 65536, 0.5]);
    expect(forInference(g.build()).nodes.map((each) => each.opType)).toEqual(['Identity', 'Identity', 'Identity']);
    const bad = new GraphBuilder('bad');
    bad.output(bad.op('Dropout', [bad.input('x', 'float32', ['N', 2]), bad.scalar(1)]), 'y');
    expect(() => parseForward(bad.build(), { parameters: [] }, 4)).toThrow('below 1');
  });
});

function forward(opType: string, domain = ''): Graph {
  const g = new GraphBuilder('forward');
  const product = g.op('MatMul', [g.input('features', 'float32', ['N', 3]), g.input('weight', 'float32', [3, 2])]);
  g.output(g.op(opType, [product], { domain, output: { name: 'output', shape: ['N', 2] } }));
  return g.build();
}
