import * as ort from '../../platform/onnxRuntime.ts';
import { describe, expect, it } from 'vitest';
import { encodeModel, GraphBuilder, integer, ints, type AttributeInput, type Shape, type Value } from '../index.ts';
import { TypedOps } from './typedOps.ts';

/** Inputs of 'N' run with 5 rows. */
const cases: { op: string; shapes: Shape[]; constants?: number[][]; attributes?: Record<string, AttributeInput>; expected: Shape }[] = [
  {
    op: 'Add',
    shapes: [
      ['N', 1, 3],
      [4, 1],
    ],
    expected: ['N', 4, 3],
  },
  {
    op: 'MatMul',
    shapes: [
      ['N', 3],
      [3, 2],
    ],
    expected: ['N', 2],
  },
  {
    op: 'MatMul',
    shapes: [
      ['N', 1, 2, 3],
      [4, 3, 2],
    ],
    expected: ['N', 4, 2, 2],
  },
  {
    op: 'Gemm',
    shapes: [
      [3, 'N'],
      [2, 3],
    ],
    attributes: { transA: integer(1), transB: integer(1) },
    expected: ['N', 2],
  },
  { op: 'Transpose', shapes: [['N', 2, 3]], expected: [3, 2, 'N'] },
  { op: 'Transpose', shapes: [['N', 2, 3]], attributes: { perm: ints([0, 2, 1]) }, expected: ['N', 3, 2] },
  { op: 'Reshape', shapes: [['N', 2, 3]], constants: [[-1, 6]], expected: ['N', 6] },
  { op: 'Reshape', shapes: [['N', 2, 3]], constants: [[0, 3, 2]], expected: ['N', 3, 2] },
  { op: 'Reshape', shapes: [['N', 6]], constants: [[0, 2, -1]], expected: ['N', 2, 3] },
  { op: 'Flatten', shapes: [['N', 2, 3]], expected: ['N', 6] },
  { op: 'Flatten', shapes: [[2, 3, 4]], attributes: { axis: integer(0) }, expected: [1, 24] },
  { op: 'ReduceSum', shapes: [['N', 2, 3]], constants: [[-1]], attributes: { keepdims: integer(0) }, expected: ['N', 2] },
  { op: 'ReduceMean', shapes: [['N', 2, 3]], constants: [[1]], expected: ['N', 1, 3] },
  { op: 'ReduceSum', shapes: [['N', 2]], expected: [1, 1] },
  { op: 'Gather', shapes: [['N', 2, 3]], constants: [[0, 1, 1, 0]], attributes: { axis: integer(1) }, expected: ['N', 4, 3] },
  { op: 'Expand', shapes: [[3, 1]], constants: [[2, 1, 4]], expected: [2, 3, 4] },
  { op: 'Greater', shapes: [['N', 2], []], expected: ['N', 2] },
  { op: 'Max', shapes: [['N', 2], [2], [4, 1, 1]], expected: [4, 'N', 2] },
  { op: 'MatMul', shapes: [[3], ['N', 3, 2]], expected: ['N', 2] },
  { op: 'MatMul', shapes: [['N', 3], [3]], expected: ['N'] },
  { op: 'MatMul', shapes: [[3], [3]], expected: [] },
  {
    op: 'Einsum',
    shapes: [
      ['N', 2, 3],
      ['N', 4, 3],
    ],
    attributes: { equation: 'bid,bjd->bij' },
    expected: ['N', 2, 4],
  },
  {
    op: 'Einsum',
    shapes: [
      ['N', 3],
      [3, 2],
    ],
    attributes: { equation: '...b, ba' },
    expected: ['N', 2],
  },
  { op: 'ArgMax', shapes: [['N', 2, 3]], attributes: { axis: integer(-1), keepdims: integer(0) }, expected: ['N', 2] },
  { op: 'ReduceMax', shapes: [['N', 2]], attributes: { noop_with_empty_axes: integer(1) }, expected: ['N', 2] },
  { op: 'CumSum', shapes: [['N', 2]], constants: [[1]], expected: ['N', 2] },
];

describe('shape rules', () => {
  it.each(cases)(
    '$op $shapes $constants gives $expected, and so does ONNX Runtime',
    async ({ op, shapes, constants = [], attributes = {}, expected }) => {
      const builder = new GraphBuilder('shape');
      const inputs = shapes.map((shape, at): Value => builder.input(`x${at}`, 'float32', shape));
      const output = new TypedOps(builder).op(op as 'Add', [...inputs, ...constants.map((each) => builder.int64(each))], attributes);
      expect(output.shape).toEqual(expected);
      builder.output(output, 'y');
      const sized = (shape: Shape): number[] => shape.map((dim) => (dim === 'N' ? 5 : Number(dim)));
      const session = await ort.InferenceSession.create(encodeModel(builder.build(), { producer: 'test' }));
      const count = (shape: Shape): number => sized(shape).reduce((n, dim) => n * dim, 1);
      const out = await session.run(
        Object.fromEntries(shapes.map((shape, at) => [`x${at}`, new ort.Tensor('float32', new Float32Array(count(shape)), sized(shape))])),
      );
      expect(out['y']!.dims).toEqual(sized(expected));
      await session.release();
    },
  );

  it('refuses shapes that do not fit and sizes that only the run knows', () => {
    const g = new TypedOps(new GraphBuilder('bad'));
    const input = (name: string, shape: Shape): Value => g.graph.input(name, 'float32', shape);
    const [wide, tall, named] = [input('wide', [2, 3]), input('tall', [2, 2]), input('named', ['N', 3])];
    expect(() => g.add(wide, tall)).toThrow('do not broadcast');
    expect(() => g.matMul(wide, tall)).toThrow('does not fit');
    expect(() => g.reduceSum(wide, [2])).toThrow('outside');
    expect(() => g.op('Reshape', [named, g.graph.int64([-1, 2])])).toThrow('only when the model runs');
    expect(() => g.op('Reshape', [wide, named])).toThrow('must be a constant');
  });
});
