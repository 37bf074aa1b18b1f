import { broadcast, eachIndex, elementAt, fill, numberAttribute, textAttribute, type Operator, type ReferenceTensor } from './tensors.ts';
import { activation } from './activation.ts';
import { transpose } from './shape.ts';

const gemm: Operator = ([a, b, c], { attributes }) => {
  const number = (name: string, otherwise: number): number => numberAttribute(attributes, name, otherwise);
  const flip = (name: string, x: ReferenceTensor): ReferenceTensor => (number(name, 0) ? transpose(x, [1, 0]) : x);
  const result = matMul(flip('transA', a!), flip('transB', b!));
  return fill(result.shape, (index) => number('alpha', 1) * elementAt(result, index) + (c ? number('beta', 1) * elementAt(c, index) : 0));
};

export const product: Readonly<Record<string, Operator>> = {
  MatMul: ([a, b]) => matMul(a!, b!),
  Gemm: gemm,
  // Zero points: one number, or one for each row of A and each column of B.
  MatMulInteger: ([a, b, aZero, bZero]) => {
    const rows = (zero: ReferenceTensor): ReferenceTensor =>
      zero.shape.length === 1 && zero.data.length > 1 ? { shape: [...zero.shape, 1], data: zero.data } : zero;
    return matMul(less(a!, aZero && rows(aZero)), less(b!, bZero));
  },
  Einsum: (inputs, { attributes }) => einsum(textAttribute(attributes, 'equation', ''), inputs as readonly ReferenceTensor[]),
  Det: ([x]) => fill(x!.shape.slice(0, -2), (index) => determinant(matrixAt(x!, index))),
  'com.microsoft.FusedGemm': (inputs, context) => {
    const result = gemm(inputs, context) as ReferenceTensor;
    const kind = textAttribute(context.attributes, 'activation', '');
    const attributes = Object.fromEntries(
      Object.entries(context.attributes).flatMap(([name, each]) => (name.startsWith('activation_') ? [[name.slice(11), each]] : [])),
    );
    return kind === '' ? result : activation[kind]!([result], { ...context, attributes });
  },
  'com.microsoft.FusedMatMul': ([a, b], { attributes }) => {
    const flip = (name: string, x: ReferenceTensor): ReferenceTensor => (numberAttribute(attributes, name, 0) ? swapLast(x) : x);
    const { shape, data } = matMul(flip('transA', a!), flip('transB', b!));
    return { shape, data: data.map((each) => each * numberAttribute(attributes, 'alpha', 1)) };
  },
  // Cramer's rule: cofactors over the determinant.
  'com.microsoft.Inverse': ([x]) =>
    fill(x!.shape, (index) => {
      const [row, column] = index.slice(-2) as [number, number];
      const matrix = matrixAt(x!, index.slice(0, -2));
      return ((-1) ** (row + column) * determinant(minor(matrix, column, row))) / determinant(matrix);
    }),
};

/** The leading axes broadcast; a vector is a row on the left, a column on the right, and has no axis in the result. */
export function matMul(a: ReferenceTensor, b: ReferenceTensor): ReferenceTensor {
  if (a.shape.length === 1) {
    const { shape, data } = matMul({ shape: [1, ...a.shape], data: a.data }, b);
    return { shape: shape.toSpliced(b.shape.length === 1 ? -1 : -2, 1), data };
  }
  if (b.shape.length === 1) {
    const { shape, data } = matMul(a, { shape: [...b.shape, 1], data: b.data });
    return { shape: shape.slice(0, -1), data };
  }
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const inner = a.shape.at(-1)!;
  return fill([...batch, a.shape.at(-2)!, b.shape.at(-1)!], (index) => {
    const [row, column] = index.slice(-2) as [number, number];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += elementAt(a, [...index.slice(0, -2), row, k]) * elementAt(b, [...index.slice(0, -2), k, column]);
    return sum;
  });
}

/** By the definition: for every place of the output the products of all operands, summed over all other labels. */
function einsum(equation: string, operands: readonly ReferenceTensor[]): ReferenceTensor {
  const [left, right] = equation.replaceAll(' ', '').split('->');
  const terms = left!.split(',');
  // The axes under an ellipsis get capital-free names of their own, the last one always '0'.
  const hidden = terms.map((term, at) => (term.includes('...') ? operands[at]!.shape.length - (term.length - 3) : 0));
  const dots = (count: number): string => Array.from({ length: count }, (_, at) => String(count - 1 - at)).join('');
  const labels = terms.map((term, at) => [...term.replace('...', dots(hidden[at]!))]);
  const letters = labels.flat().filter((each) => /[A-Za-z]/.test(each));
  const once = letters.filter((each) => letters.indexOf(each) === letters.lastIndexOf(each)).toSorted();
  const output = [...(right ?? `...${once.join('')}`).replace('...', dots(Math.max(...hidden)))];
  const size = (label: string): number =>
    Math.max(...labels.flatMap((each, at) => each.map((other, axis) => (other === label ? operands[at]!.shape[axis]! : 1))));
  const summed = [...new Set(labels.flat())].filter((label) => !output.includes(label));
  return fill(output.map(size), (outer) => {
    let total = 0;
    eachIndex(summed.map(size), (inner) => {
      const at = (label: string): number => (output.includes(label) ? outer[output.indexOf(label)]! : inner[summed.indexOf(label)]!);
      total += operands.reduce((factor, each, operand) => factor * elementAt(each, labels[operand]!.map(at)), 1);
    });
    return total;
  });
}

function less(x: ReferenceTensor, zero: ReferenceTensor | undefined): ReferenceTensor {
  return zero ? fill(x.shape, (index) => elementAt(x, index) - elementAt(zero, index)) : x;
}

function swapLast(x: ReferenceTensor): ReferenceTensor {
  const axes = [...x.shape.keys()];
  return transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

function matrixAt(x: ReferenceTensor, index: readonly number[]): number[][] {
  const size = x.shape.at(-1)!;
  return Array.from({ length: size }, (_, row) => Array.from({ length: size }, (__, column) => elementAt(x, [...index, row, column])));
}

/** Laplace's expansion along the first row. */
function determinant(matrix: readonly (readonly number[])[]): number {
  if (matrix.length === 0) return 1;
  return matrix[0]!.reduce((sum, each, column) => sum + (-1) ** column * each * determinant(minor(matrix, 0, column)), 0);
}

function minor(matrix: readonly (readonly number[])[], row: number, column: number): number[][] {
  return matrix.toSpliced(row, 1).map((each) => each.toSpliced(column, 1));
}
