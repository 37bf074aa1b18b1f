import type { Dim, Shape } from '../onnx/graph.ts';

/** An Einsum equation applied to shapes. A label is a letter, or '.0', '.1', … for an axis under the ellipsis, counted from the end. */
export interface EinsumEquation {
  /** Labels of each operand's axes; one may occur twice in an operand (its diagonal). */
  readonly operands: readonly (readonly string[])[];
  /** Each label at most once. */
  readonly output: readonly string[];
  readonly sizes: ReadonlyMap<string, Dim>;
}

/**
 * Reads an equation such as 'bij,bjk->bik', '...ii->...i' or 'ij,jk' (then the output has the letters that occur once, in
 * alphabetical order, after the ellipsis). Size 1 broadcasts. Throws an Error that names what does not fit.
 *
 * Source: https://onnx.ai/onnx/operators/onnx__Einsum.html
 */
export function einsumEquation(equation: string, shapes: readonly Shape[]): EinsumEquation {
  const [left, right, more] = equation.replaceAll(' ', '').split('->');
  const terms = left!.split(',');
  if (more !== undefined || terms.length !== shapes.length)
    throw new Error(`Einsum: "${equation}" has ${terms.length} terms for ${shapes.length} inputs.`);
  const operands = terms.map((term, at) => labelsOf(term, shapes[at]!, equation));
  const sizes = new Map<string, Dim>();
  operands.forEach((labels, at) =>
    labels.forEach((label, axis) => sizes.set(label, commonSize(sizes.get(label) ?? 1, shapes[at]![axis]!, `"${label}" in "${equation}"`))),
  );
  const underEllipsis = [...sizes.keys()]
    .filter((label) => label.startsWith('.'))
    .toSorted((a, b) => Number(b.slice(1)) - Number(a.slice(1)));
  const letters = right === undefined ? lettersOnce(operands) : [...checkedTerm(right, equation).replace('...', '')];
  const ellipsisAt = right === undefined ? 0 : right.indexOf('...');
  const output = ellipsisAt < 0 ? letters : letters.toSpliced(ellipsisAt, 0, ...underEllipsis);
  if (new Set(output).size < output.length) throw new Error(`Einsum: the output of "${equation}" repeats a letter.`);
  for (const label of output) if (!sizes.has(label)) throw new Error(`Einsum: "${label}" in the output of "${equation}" is in no input.`);
  return { operands, output, sizes };
}

/** The labels of a term, the axes under its ellipsis counted from their end, so that shorter ones broadcast. */
function labelsOf(term: string, shape: Shape, equation: string): string[] {
  const [before, after] = checkedTerm(term, equation).split('...');
  const letters = [...before!, ...(after ?? '')];
  const hidden = shape.length - letters.length;
  if (hidden < 0 || (after === undefined && hidden > 0))
    throw new Error(`Einsum: "${term}" in "${equation}" does not fit an input of rank ${shape.length}.`);
  return [...before!, ...Array.from({ length: hidden }, (_, at) => `.${hidden - 1 - at}`), ...(after ?? '')];
}

function checkedTerm(term: string, equation: string): string {
  if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term))
    throw new Error(`Einsum: "${term}" in "${equation}" is not a term of letters and one "...".`);
  return term;
}

function lettersOnce(operands: readonly (readonly string[])[]): string[] {
  const all = operands.flat().filter((label) => !label.startsWith('.'));
  return all.filter((label) => all.indexOf(label) === all.lastIndexOf(label)).toSorted((a, b) => (a < b ? -1 : 1));
}

function commonSize(soFar: Dim, size: Dim, what: string): Dim {
  if (soFar === size || size === 1) return soFar;
  if (soFar === 1) return size;
  throw new Error(`Einsum: ${what} is ${soFar} and ${size}.`);
}
