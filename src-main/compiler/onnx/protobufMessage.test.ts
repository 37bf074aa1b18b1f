import { fromBinary, toBinary } from '@bufbuild/protobuf';
import * as onnx from 'onnx-buf';
import { expect, it } from 'vitest';
import { encodeModel, float, floats, GraphBuilder, ints, strings, tensorOf } from '../index.ts';
import { ProtobufMessage } from './protobufMessage.ts';

it('writes models as the general library does, byte for byte', () => {
  const g = new GraphBuilder('größe');
  const x = g.input('x', 'float32', ['N', 0, 300]);
  const value = g.op('Anything', [x, undefined, g.string(['', 'a', '中文'])], {
    domain: 'com.example',
    attributes: {
      zero: 0,
      negative: -1,
      least: { kind: 'int', value: -(2 ** 53) },
      half: float(0.5),
      nothing: float(-0),
      text: '',
      tensor: tensorOf('int64', [], [-5]),
      list: [-1, 0, 300, 2 ** 40],
      empty: ints([]),
      numbers: floats([0, Number.NaN, Infinity]),
      words: strings(['', 'ß']),
    },
  });
  const weights = g.initializer(
    'weights',
    tensorOf(
      'float32',
      [100, 3],
      Array.from({ length: 300 }, (_, at) => at / 7),
    ),
  );
  const [y] = g.if(
    g.bool([true], []),
    (then) => [then.op('Add', [value, weights])],
    (otherwise) => [otherwise.op('Sub', [value, otherwise.initializer('none', tensorOf('float32', [0], []))])],
    [{ dtype: 'float32' }],
  );
  g.output(y!, 'y');
  const bytes = encodeModel(g.build(), { producer: 'p', metadata: { key: '', 键: 'v' }, opsets: { '': 21, 'com.example': 1 } });
  expect(toBinary(onnx.ModelProtoSchema, fromBinary(onnx.ModelProtoSchema, bytes))).toEqual(bytes);
});

it('takes the number 2⁶³, which stands for the largest integer, as that', () => {
  const bytes = new ProtobufMessage().integer(3, 2 ** 63).toBytes();
  expect(fromBinary(onnx.AttributeProtoSchema, bytes).i).toBe(2n ** 63n - 1n);
});
