import * as ort from '../../platform/onnxRuntime.ts';
import { describe, expect, it } from 'vitest';
import { encodeModel, GraphBuilder, integer, ints, type Attribute, type AttributeInput, type Shape, type Value } from '../index.ts';
import { TypedOps } from './typedOps.ts';
import { windowsOver, windowsSpread } from './window.ts';

type Attributes = Readonly<Record<string, AttributeInput>>;
const same = (place: 'UPPER' | 'LOWER'): Attribute => ({ kind: 'string', value: `SAME_${place}` });

/** The batch 'N' stays open; runs have 2 rows. */
const cases: readonly [op: string, shapes: readonly Shape[], attributes: Attributes, expected: Shape][] = [
  [
    'Conv',
    [
      ['N', 3, 9, 8],
      [4, 3, 3, 2],
    ],
    { strides: ints([2, 3]), dilations: ints([2, 1]), pads: ints([1, 0, 0, 2]) },
    ['N', 4, 3, 3],
  ],
  [
    'Conv',
    [
      ['N', 4, 7],
      [6, 2, 3],
    ],
    { group: integer(2), strides: ints([2]), auto_pad: same('LOWER') },
    ['N', 6, 4],
  ],
  [
    'ConvTranspose',
    [
      ['N', 3, 4, 5],
      [3, 2, 3, 3],
    ],
    { strides: ints([2, 2]), output_padding: ints([1, 0]), pads: ints([1, 1, 1, 0]) },
    ['N', 2, 8, 10],
  ],
  [
    'ConvTranspose',
    [
      ['N', 3, 4],
      [3, 2, 5],
    ],
    { strides: ints([3]), auto_pad: same('UPPER') },
    ['N', 2, 12],
  ],
  ['MaxPool', [['N', 2, 5, 6]], { kernel_shape: ints([2, 3]), strides: ints([2, 2]), ceil_mode: integer(1) }, ['N', 2, 3, 3]],
  // The third window would start behind the image: it does not exist.
  ['MaxPool', [['N', 1, 6]], { kernel_shape: ints([1]), strides: ints([4]), ceil_mode: integer(1) }, ['N', 1, 2]],
  ['AveragePool', [['N', 1, 5]], { kernel_shape: ints([2]), strides: ints([2]), auto_pad: same('UPPER') }, ['N', 1, 3]],
  ['GlobalMaxPool', [['N', 2, 3, 4]], {}, ['N', 2, 1, 1]],
];

describe('windows', () => {
  it.each(cases)('%s of %j with %j gives %j, and so does ONNX Runtime', async (op, shapes, attributes, expected) => {
    const builder = new GraphBuilder('windows');
    const inputs = shapes.map((shape, at): Value => builder.input(`x${at}`, 'float32', shape));
    const output = new TypedOps(builder).op(op as 'Conv', inputs, attributes);
    expect(output.shape).toEqual(expected);
    builder.output(output, 'y');
    const sized = (shape: Shape): number[] => shape.map((dim) => (dim === 'N' ? 2 : Number(dim)));
    const session = await ort.InferenceSession.create(encodeModel(builder.build(), { producer: 'test' }));
    const feeds = shapes.map((shape, at): [string, ort.Tensor] => {
      const dims = sized(shape);
      return [`x${at}`, new ort.Tensor('float32', new Float32Array(dims.reduce((count, dim) => count * dim, 1)), dims)];
    });
    expect((await session.run(Object.fromEntries(feeds)))['y']!.dims).toEqual(sized(expected));
    await session.release();
  });

  it('puts the odd element of SAME padding behind the image, or before it', () => {
    const over = (autoPad: Attribute) => windowsOver('Conv', { auto_pad: autoPad }, [5], [4]);
    expect([over(same('UPPER')).begins, over(same('UPPER')).ends]).toEqual([[1], [2]]);
    expect([over(same('LOWER')).begins, over(same('LOWER')).ends]).toEqual([[2], [1]]);
  });

  it('says which window does not fit which image, and which sizes are open', () => {
    expect(() => windowsOver('Conv', {}, [2, 8], [3, 3])).toThrow('Conv: a window of 3×3 does not fit 2×8');
    expect(() => windowsOver('MaxPool', {}, [0], [1])).toThrow('does not fit 0');
    expect(() => windowsSpread('ConvTranspose', { pads: ints([3, 3]) }, [2], [3])).toThrow('does not fit');
    expect(() => windowsOver('Conv', { strides: ints([1]) }, [4, 4], [3, 3])).toThrow('do not all fit 2 spatial axes');
    expect(() => windowsOver('Conv', {}, ['H', 8], [3, 3])).toThrow('Conv: a spatial size must be known when compiling, it is H');
  });

  it('says which channels do not fit', () => {
    const g = new TypedOps(new GraphBuilder('bad'));
    const input = (name: string, shape: Shape): Value => g.graph.input(name, 'float32', shape);
    const x = input('x', ['N', 4, 8]);
    expect(() => g.op('Conv', [x, input('w', [2, 3, 3])])).toThrow('[N,4,8] does not fit the weight [2,3,3] in 1 group(s)');
    expect(() => g.op('Conv', [x, input('w2', [3, 2, 3])], { group: 2 })).toThrow('in 2 group(s)');
    expect(() => g.op('ConvTranspose', [x, input('w3', [3, 2, 3])])).toThrow('does not fit');
    const [five, two] = [input('five', [5]), input('two', [2])];
    expect(() => g.op('BatchNormalization', [x, five, five, five, five])).toThrow('[5] is not one number for each channel of [N,4,8]');
    expect(() => g.op('GroupNormalization', [x, two, two], { num_groups: 3 })).toThrow('4 channels do not make 3 groups');
  });
});
