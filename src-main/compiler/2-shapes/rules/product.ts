import { readInteger } from '../../onnx/attributes.ts';
import { broadcastShapes } from '../broadcast.ts';
import type { ShapeRule } from './shapeRule.ts';

export const product = {
  MatMul: ({ inputs: [a, b] }) => {
    const [rows, inner] = a!.shape.slice(-2);
    const [innerOfB, columns] = b!.shape.slice(-2);
    if (a!.shape.length < 2 || b!.shape.length < 2) throw new Error('MatMul: both inputs need at least two dimensions.');
    if (inner !== innerOfB) throw new Error(`MatMul: [${a!.shape.join()}] does not fit [${b!.shape.join()}].`);
    return { dtype: a!.dtype, shape: [...broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2)), rows!, columns!] };
  },
  Gemm: ({ inputs: [a, b], attributes }) => {
    const [rows, inner] = readInteger(attributes, 'transA', 0) ? a!.shape.toReversed() : a!.shape;
    const [innerOfB, columns] = readInteger(attributes, 'transB', 0) ? b!.shape.toReversed() : b!.shape;
    if (a!.shape.length !== 2 || b!.shape.length !== 2 || inner !== innerOfB)
      throw new Error(`Gemm: [${a!.shape.join()}] does not fit [${b!.shape.join()}].`);
    return { dtype: a!.dtype, shape: [rows!, columns!] };
  },
} satisfies Record<string, ShapeRule>;
