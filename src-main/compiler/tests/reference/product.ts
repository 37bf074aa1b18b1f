import { broadcast, elementAt, fill, numberAttribute, type Operator, type ReferenceTensor } from './tensors.ts';
import { transpose } from './shape.ts';

export const product: Readonly<Record<string, Operator>> = {
  MatMul: ([a, b]) => matMul(a!, b!),
  Gemm: ([a, b, c], { attributes }) => {
    const number = (name: string, otherwise: number): number => numberAttribute(attributes, name, otherwise);
    const flip = (name: string, x: ReferenceTensor): ReferenceTensor => (number(name, 0) ? transpose(x, [1, 0]) : x);
    const result = matMul(flip('transA', a!), flip('transB', b!));
    return fill(result.shape, (index) => number('alpha', 1) * elementAt(result, index) + (c ? number('beta', 1) * elementAt(c, index) : 0));
  },
};

/** Two or more axes each; the leading ones broadcast. */
export function matMul(a: ReferenceTensor, b: ReferenceTensor): ReferenceTensor {
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const inner = a.shape.at(-1)!;
  return fill([...batch, a.shape.at(-2)!, b.shape.at(-1)!], (index) => {
    const [row, column] = index.slice(-2) as [number, number];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += elementAt(a, [...index.slice(0, -2), row, k]) * elementAt(b, [...index.slice(0, -2), k, column]);
    return sum;
  });
}
