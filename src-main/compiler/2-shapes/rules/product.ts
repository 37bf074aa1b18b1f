import { readInteger } from '../../onnx/attributes.ts';
import type { Shape } from '../../onnx/graph.ts';
import { broadcastShapes } from '../broadcast.ts';
import { einsumEquation } from '../einsumEquation.ts';
import { like, type ShapeContext, type ShapeRule, type TensorType } from './shapeRule.ts';

export const product = {
  MatMul: ({ inputs: [a, b] }) => ({ dtype: a!.dtype, shape: matMulShape('MatMul', a!.shape, b!.shape) }),
  Gemm: gemm,
  MatMulInteger: ({ inputs: [a, b] }) => ({ dtype: 'int32', shape: matMulShape('MatMulInteger', a!.shape, b!.shape) }),
  Einsum: ({ inputs, attributes }) => {
    const equation = attributes['equation']?.kind === 'string' ? attributes['equation'].value : '';
    const { output, sizes } = einsumEquation(
      equation,
      inputs.map((each) => each!.shape),
    );
    return { dtype: inputs[0]!.dtype, shape: output.map((label) => sizes.get(label)!) };
  },
  Det: ({ inputs: [x] }) => ({ dtype: x!.dtype, shape: squareBatch('Det', x!.shape) }),
  'com.microsoft.FusedGemm': gemm,
  'com.microsoft.FusedMatMul': ({ inputs: [a, b], attributes }) => {
    if (readInteger(attributes, 'transBatchA', 0) || readInteger(attributes, 'transBatchB', 0))
      throw new Error('FusedMatMul: transBatchA and transBatchB are not supported.');
    if (a!.shape.length < 2 || b!.shape.length < 2) throw new Error('FusedMatMul: both inputs need at least two dimensions.');
    const turned = (shape: Shape, name: string): Shape =>
      readInteger(attributes, name, 0) ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
    return { dtype: a!.dtype, shape: matMulShape('FusedMatMul', turned(a!.shape, 'transA'), turned(b!.shape, 'transB')) };
  },
  'com.microsoft.Inverse': (context) => {
    squareBatch('Inverse', context.inputs[0]!.shape);
    return like(context);
  },
} satisfies Record<string, ShapeRule>;

/** A vector counts as a row on the left, as a column on the right; the result has no axis for it. */
function matMulShape(operator: string, a: Shape, b: Shape): Shape {
  if (a.length === 0 || b.length === 0) throw new Error(`${operator}: an input is a scalar.`);
  const [rows, inner] = a.length === 1 ? [undefined, a[0]] : a.slice(-2);
  const [innerOfB, columns] = b.length === 1 ? [b[0], undefined] : b.slice(-2);
  if (inner !== innerOfB) throw new Error(`${operator}: [${a.join()}] does not fit [${b.join()}].`);
  const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  return [...batch, ...(rows === undefined ? [] : [rows]), ...(columns === undefined ? [] : [columns])];
}

function squareBatch(operator: string, shape: Shape): Shape {
  if (shape.length < 2 || shape.at(-1) !== shape.at(-2)) throw new Error(`${operator}: [${shape.join()}] is not square.`);
  return shape.slice(0, -2);
}

function gemm({ inputs: [a, b], attributes }: ShapeContext): TensorType {
  const [rows, inner] = readInteger(attributes, 'transA', 0) ? a!.shape.toReversed() : a!.shape;
  const [innerOfB, columns] = readInteger(attributes, 'transB', 0) ? b!.shape.toReversed() : b!.shape;
  if (a!.shape.length !== 2 || b!.shape.length !== 2 || inner !== innerOfB)
    throw new Error(`Gemm: [${a!.shape.join()}] does not fit [${b!.shape.join()}].`);
  return { dtype: a!.dtype, shape: [rows!, columns!] };
}
