// A model's signature, prepared for reading requests: looked up by name, one array per input filled with "missing".
import type { ModelInput, ModelSignature } from '../../../../src-shared/domain/features.ts';

export type ColumnData = Float32Array | Float64Array | BigInt64Array | Uint8Array | string[];

/** Values of one input for all rows of a request, row by row. */
export interface InputColumn {
  data: ColumnData;
  /** Dimensions after the row: [1] for a plain column, [height, width, channels] for images. */
  dims: readonly number[];
}

export interface InputPlan {
  inputs: readonly PlannedInput[];
  byName: ReadonlyMap<string, PlannedInput>;
  /** Rows beyond which the tensors of one request would take more than about 256 MiB. */
  maxRows: number;
}

/** Elements of all inputs of one request together. */
const maxElements = 32 * 1024 * 1024;

export interface PlannedInput {
  index: number;
  input: ModelInput;
  /** Values per row; null when a dimension is free. */
  elements: number | null;
  categories: ReadonlySet<string> | null;
  /** The type can say "missing": NaN or ''. */
  canBeMissing: boolean;
  /** For people: "a number", "a date (ISO 8601)" … */
  expected: string;
}

export function planInputs(signature: ModelSignature): InputPlan {
  const inputs = signature.inputs.map((input, index): PlannedInput => {
    const elements = input.shape.some((dim) => dim < 0) ? null : input.shape.reduce((product, dim) => product * dim, 1);
    return {
      index,
      input,
      elements,
      categories: input.categories ? new Set(input.categories) : null,
      canBeMissing: ['float32', 'float64', 'string'].includes(input.onnxType),
      expected: describeExpected(input, elements),
    };
  });
  const rowElements = inputs.reduce((sum, each) => sum + (each.elements ?? 1), 0);
  return {
    inputs,
    byName: new Map(inputs.map((each) => [each.input.name, each])),
    maxRows: Math.max(1, Math.floor(maxElements / Math.max(1, rowElements))),
  };
}

/** `length` values that all say "missing" (0 where the type cannot say it; such inputs are required). */
export function missingColumn(onnxType: ModelInput['onnxType'], length: number): ColumnData {
  switch (onnxType) {
    case 'float32':
      return new Float32Array(length).fill(Number.NaN);
    case 'float64':
      return new Float64Array(length).fill(Number.NaN);
    case 'int64':
      return new BigInt64Array(length);
    case 'string':
      return new Array<string>(length).fill('');
    case 'uint8':
    case 'bool':
      return new Uint8Array(length);
  }
}

/** An input that must be there: stated as such, or of a type that has no missing value. */
export function isRequired(planned: PlannedInput): boolean {
  return planned.input.required || !planned.canBeMissing;
}

export function isDate(input: ModelInput): boolean {
  return input.onnxType === 'float64' && (input.type === 'date' || input.type === 'timestamp');
}

export function isImage(input: ModelInput): boolean {
  return input.onnxType === 'uint8' && input.shape.length === 3;
}

function describeExpected(input: ModelInput, elements: number | null): string {
  if (isImage(input)) return `an image of ${input.shape.map((dim) => (dim < 0 ? '?' : dim)).join('×')} (height×width×channels)`;
  if (elements !== 1) return `nested arrays of shape [${input.shape.map((dim) => (dim < 0 ? '?' : dim)).join(', ')}]`;
  if (isDate(input)) return 'a date (ISO 8601)';
  switch (input.onnxType) {
    case 'string':
      return 'text';
    case 'bool':
      return 'true or false';
    case 'int64':
      return 'an integer';
    case 'uint8':
      return 'an integer from 0 to 255';
    default:
      return input.type === 'boolean' ? 'true or false' : 'a number';
  }
}
