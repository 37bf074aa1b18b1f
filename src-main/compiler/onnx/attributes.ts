import type { Attribute, Attributes, Graph, TensorData } from './graph.ts';

/**
 * What a caller may write as an attribute: an integer is `int`, text is `string`, lists of integers are `ints`,
 * lists of text `strings`, a graph `graph`, a tensor `tensor`. A float says so: `float(0.5)`, `floats([0, 1])`,
 * because 1 could be either and ONNX Runtime refuses the wrong one.
 */
export type AttributeInput = Attribute | number | string | readonly number[] | readonly string[] | Graph | TensorData;

export function integer(value: number): Attribute {
  return { kind: 'int', value };
}

export function float(value: number): Attribute {
  return { kind: 'float', value };
}

export function floats(value: readonly number[]): Attribute {
  return { kind: 'floats', value };
}

/** An empty list cannot tell its kind: `ints([])`, `strings([])`. */
export function ints(value: readonly number[]): Attribute {
  return { kind: 'ints', value };
}

export function strings(value: readonly string[]): Attribute {
  return { kind: 'strings', value };
}

export function toAttribute(name: string, input: AttributeInput): Attribute {
  if (typeof input === 'number') {
    if (!Number.isSafeInteger(input)) throw new Error(`Attribute "${name}": write float(${input}); a plain number is an integer.`);
    return { kind: 'int', value: input };
  }
  if (typeof input === 'string') return { kind: 'string', value: input };
  if (Array.isArray(input)) return listAttribute(name, input as readonly (number | string)[]);
  const object = input as Attribute | Graph | TensorData;
  if ('kind' in object) return object;
  if ('nodes' in object) return { kind: 'graph', value: object };
  return { kind: 'tensor', value: object };
}

function listAttribute(name: string, list: readonly (number | string)[]): Attribute {
  if (list.length === 0) throw new Error(`Attribute "${name}": an empty list needs ints([]), floats([]) or strings([]).`);
  if (list.every((each) => typeof each === 'string')) return { kind: 'strings', value: list };
  if (list.every((each) => typeof each === 'number' && Number.isSafeInteger(each))) return { kind: 'ints', value: list as number[] };
  throw new Error(`Attribute "${name}": write floats([...]); a plain list holds integers or text.`);
}

/** An integer attribute of a node, or its default. */
export function readInteger(attributes: Attributes, name: string, otherwise: number): number {
  const attribute = attributes[name];
  return attribute?.kind === 'int' ? attribute.value : otherwise;
}

export function readIntegers(attributes: Attributes, name: string): readonly number[] | undefined {
  const attribute = attributes[name];
  return attribute?.kind === 'ints' ? attribute.value : undefined;
}

/** A float attribute of a node, or its default. */
export function readNumber(attributes: Attributes, name: string, otherwise: number): number {
  const attribute = attributes[name];
  return attribute?.kind === 'float' || attribute?.kind === 'int' ? attribute.value : otherwise;
}
