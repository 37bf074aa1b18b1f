import * as ort from '../../../platform/onnxRuntime.ts';
import { describe, expect, it } from 'vitest';
import { encodeModel, GraphBuilder, ints, type AttributeInput, type Shape, type TensorData, type Value } from '../../index.ts';
import { tensorOf } from '../../onnx/graphBuilder.ts';
import { TypedOps } from '../typedOps.ts';

interface Case {
  op: string;
  /** A shape is a float32 input ('N' runs with 5), a list an int64 constant, a tensor a constant, null an input left out. */
  inputs: (Shape | { list: number[] } | { int32: number[] } | { int64: Shape } | TensorData | null)[];
  attributes?: Record<string, AttributeInput>;
  /** Of each output. */
  expected: Shape[];
}
const list = (...values: number[]): { list: number[] } => ({ list: values });
const int32 = (...values: number[]): { int32: number[] } => ({ int32: values });
const number = (value: number): TensorData => tensorOf('float32', [], [value]);

const cases: Case[] = [
  { op: 'Shape', inputs: [['N', 2, 3]], expected: [[3]] },
  { op: 'Shape', inputs: [['N', 2, 3]], attributes: { start: -2, end: 9 }, expected: [[2]] },
  { op: 'Shape', inputs: [['N', 2, 3]], attributes: { start: 2, end: 1 }, expected: [[0]] },
  { op: 'Size', inputs: [['N', 2, 3]], expected: [[]] },
  { op: 'Constant', inputs: [], attributes: { value_ints: ints([1, 2, 3]) }, expected: [[3]] },
  { op: 'ConstantOfShape', inputs: [list(2, 3)], expected: [[2, 3]] },
  { op: 'ConstantOfShape', inputs: [list(2, 0)], attributes: { value: tensorOf('int64', [1], [7]) }, expected: [[2, 0]] },
  { op: 'Range', inputs: [number(1), number(8), number(3)], expected: [[3]] },
  { op: 'Range', inputs: [number(8), number(1), number(3)], expected: [[0]] },
  { op: 'EyeLike', inputs: [['N', 3]], attributes: { k: 1, dtype: 7 }, expected: [['N', 3]] },
  { op: 'Trilu', inputs: [['N', 3, 3]], attributes: { upper: 0 }, expected: [['N', 3, 3]] },
  { op: 'Tile', inputs: [['N', 2, 3], list(1, 2, 4)], expected: [['N', 4, 12]] },
  { op: 'Tile', inputs: [['N', 2], list(1, 0)], expected: [['N', 0]] },
  { op: 'Reshape', inputs: [[0, 3], list(3, 0)], attributes: { allowzero: 1 }, expected: [[3, 0]] },
  { op: 'Reshape', inputs: [[2, 3], list(0, -1)], attributes: { allowzero: 0 }, expected: [[2, 3]] },
  { op: 'Reshape', inputs: [[1, 1], list()], expected: [[]] },
  { op: 'Squeeze', inputs: [['N', 1, 3, 1]], expected: [['N', 3]] },
  { op: 'Squeeze', inputs: [['N', 1, 3, 1], list(-3)], expected: [['N', 3, 1]] },
  { op: 'Unsqueeze', inputs: [['N', 3], list(-1, 0)], expected: [[1, 'N', 3, 1]] },
  { op: 'Concat', inputs: [['N', 2], ['N', 3]], attributes: { axis: -1 }, expected: [['N', 5]] },
  { op: 'Concat', inputs: [['N', 2]], attributes: { axis: 0 }, expected: [['N', 2]] },
  { op: 'Split', inputs: [['N', 7]], attributes: { axis: 1, num_outputs: 3 }, expected: [['N', 3], ['N', 3], ['N', 1]] },
  { op: 'Split', inputs: [['N', 6], list(1, 5)], attributes: { axis: -1 }, expected: [['N', 1], ['N', 5]] },
  { op: 'Split', inputs: [['N', 6]], attributes: { axis: 0, num_outputs: 1 }, expected: [['N', 6]] },
  { op: 'Slice', inputs: [['N', 7], list(-3), list(2 ** 31), list(1)], expected: [['N', 3]] },
  { op: 'Slice', inputs: [['N', 7], list(0, 1), list(2 ** 53, -1)], expected: [['N', 5]] },
  { op: 'Slice', inputs: [['N', 7], int32(-1), int32(-100), int32(1), int32(-2)], expected: [['N', 4]] },
  { op: 'Slice', inputs: [['N', 7], list(-1), list(-(2 ** 40)), list(0), list(-1)], expected: [['N', 7]] },
  { op: 'Slice', inputs: [['N', 7], list(5), list(2), list(1)], expected: [['N', 0]] },
  { op: 'Pad', inputs: [['N', 4], list(0, 1, 0, 2)], expected: [['N', 7]] },
  { op: 'Pad', inputs: [['N', 4], list(-1, 3), number(2), list(-1)], expected: [['N', 6]] },
  { op: 'Pad', inputs: [['N', 4], list(2, 3), null, list(1)], attributes: { mode: 'wrap' }, expected: [['N', 9]] },
  { op: 'CenterCropPad', inputs: [['N', 5, 2], list(2, 7)], attributes: { axes: ints([1, -1]) }, expected: [['N', 2, 7]] },
  { op: 'DepthToSpace', inputs: [['N', 8, 2, 3]], attributes: { blocksize: 2, mode: 'CRD' }, expected: [['N', 2, 4, 6]] },
  { op: 'SpaceToDepth', inputs: [['N', 2, 4, 6]], attributes: { blocksize: 2 }, expected: [['N', 8, 2, 3]] },
  { op: 'ReverseSequence', inputs: [[4, 2], list(1, 3)], expected: [[4, 2]] },
  { op: 'Expand', inputs: [['N', 1], list(1, 4)], expected: [['N', 4]] },
  { op: 'Gather', inputs: [[7, 3], { int64: ['N', 2] }], expected: [['N', 2, 3]] },
  { op: 'Gather', inputs: [['N', 3, 2], tensorOf('int32', [], [-1])], attributes: { axis: 1 }, expected: [['N', 2]] },
  { op: 'GatherElements', inputs: [['N', 3], { int64: ['N', 7] }], attributes: { axis: -1 }, expected: [['N', 7]] },
  { op: 'GatherND', inputs: [[4, 3, 2], { int64: ['N', 6, 2] }], expected: [['N', 6, 2]] },
  { op: 'GatherND', inputs: [['N', 3, 2], { int64: ['N', 6, 1] }], attributes: { batch_dims: 1 }, expected: [['N', 6, 2]] },
  { op: 'ScatterElements', inputs: [['N', 3], { int64: ['N', 2] }, ['N', 2]], attributes: { axis: 1 }, expected: [['N', 3]] },
  { op: 'ScatterND', inputs: [[8, 3], { int64: ['N', 1] }, ['N', 3]], expected: [[8, 3]] },
  { op: 'TopK', inputs: [['N', 7, 2], list(3)], attributes: { axis: -2 }, expected: [['N', 3, 2], ['N', 3, 2]] },
  { op: 'OneHot', inputs: [{ int64: ['N', 2] }, list(4), tensorOf('float32', [2], [0, 1])], attributes: { axis: 1 }, expected: [['N', 4, 2]] },
]; // prettier-ignore

describe('shape rules of shape and indexing operators', () => {
  it.each(cases)('$op $inputs $attributes gives $expected, and so does ONNX Runtime', async ({ op, inputs, attributes = {}, expected }) => {
    const builder = new GraphBuilder('shape');
    const feeds: Record<string, ort.Tensor> = {};
    const sized = (shape: Shape): number[] => shape.map((dim) => (dim === 'N' ? 5 : Number(dim)));
    const values = inputs.map((each, at): Value | undefined => {
      if (each === null) return undefined;
      if ('list' in each) return builder.int64(each.list);
      if ('int32' in each) return builder.constant(tensorOf('int32', [each.int32.length], each.int32));
      if ('data' in each) return builder.constant(each);
      const shape = 'int64' in each ? each.int64 : each;
      const count = sized(shape).reduce((n, dim) => n * dim, 1);
      feeds[`x${at}`] =
        'int64' in each
          ? new ort.Tensor('int64', new BigInt64Array(count), sized(shape))
          : new ort.Tensor('float32', new Float32Array(count), sized(shape));
      return builder.input(`x${at}`, 'int64' in each ? 'int64' : 'float32', shape);
    });
    const outputs = new TypedOps(builder).node(op as 'Add', values, attributes, expected.length);
    expect(outputs.map((each) => each.shape)).toEqual(expected);
    outputs.forEach((each, at) => builder.output(each, `y${at}`));
    const session = await ort.InferenceSession.create(encodeModel(builder.build(), { producer: 'test' }), { logSeverityLevel: 4 });
    const out = await session.run(feeds);
    outputs.forEach((each, at) => {
      expect(out[`y${at}`]!.dims).toEqual(sized(expected[at]!));
      expect(out[`y${at}`]!.type).toBe(each.dtype);
    });
    await session.release();
  });

  it('refuses sizes that do not fit or that only the run knows, and says which', () => {
    const g = new TypedOps(new GraphBuilder('bad'));
    const given = (shape: Shape, dtype: 'float32' | 'int64' = 'float32'): Value => g.graph.input(g.graph.uniqueName('x'), dtype, shape);
    const integers = (...values: number[]): Value => g.graph.int64(values);
    const [wide, named] = [given([2, 3]), given(['N', 3])];
    expect(() => g.op('Slice', [named, integers(1), integers(9), integers(0)])).toThrow('only when the model runs');
    expect(() => g.op('Slice', [wide, given([1], 'int64'), integers(9)])).toThrow('must be a constant');
    expect(() => g.op('Slice', [wide, integers(0), integers(9), integers(0), integers(0)])).toThrow('step along axis 0 is 0');
    expect(() => g.op('Concat', [wide, named], { axis: 1 })).toThrow('[N,3] does not fit [2,3] along axis 1');
    expect(() => g.op('Concat', [named, named], { axis: 0 })).toThrow('must be known when compiling');
    expect(() => g.node('Split', [wide, integers(1, 1)], { axis: 1 }, 2)).toThrow('do not add up to 3');
    expect(() => g.op('Pad', [wide, integers(-2, -1), undefined, integers(0)])).toThrow('more is cut from axis 0');
    expect(() => g.op('Tile', [named, integers(2, 1)])).toThrow('must be known when compiling');
    expect(() => g.op('Squeeze', [wide, integers(0)])).toThrow('not of size 1');
    expect(() => g.op('Unsqueeze', [wide, integers(0, -4)])).toThrow('name one twice');
    expect(() => g.op('Reshape', [given([2]), integers(2, 0)])).toThrow('copies no size');
    expect(() => g.op('DepthToSpace', [given(['N', 6, 2, 2])], { blocksize: 2 })).toThrow('no multiple of 2²');
    expect(() => g.op('GatherElements', [wide, given([3, 3], 'int64')], { axis: 1 })).toThrow('do not fit [2,3] along axis 1');
    expect(() => g.op('GatherND', [wide, given([4, 3], 'int64')])).toThrow('name more axes');
    expect(() => g.op('ScatterND', [wide, given([4, 1], 'int64'), given([4, 2])])).toThrow('updates [4,2]');
    expect(() => g.node('TopK', [wide, integers(4)], {}, 2)).toThrow('4 of 3 elements');
  });
});
