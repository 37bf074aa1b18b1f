import type { ModelInput } from '../../../../src-shared/domain/features.ts';
import { isDate, missingColumn, type InputColumn } from '../protocol/inputPlan.ts';

/** Size that a free dimension gets in a warm-up. */
const freeDim = 32;

/** Rows as training saw them, for trying a model out: the middle of each range, the known categories in turn. */
export function sampleColumns(inputs: readonly ModelInput[], rows: number): InputColumn[] {
  return inputs.map((input) => {
    const dims = input.shape.map((dim) => (dim < 0 ? freeDim : dim));
    const length = dims.reduce((product, dim) => product * dim, rows);
    const data = missingColumn(input.onnxType, length);
    if (input.onnxType === 'string') (data as string[]).forEach((_, at) => ((data as string[])[at] = sampleText(input, at)));
    else if (input.onnxType === 'float32' || input.onnxType === 'float64') (data as Float32Array).fill(sampleNumber(input));
    return { data, dims };
  });
}

/** The same number of rows without any value. */
export function missingColumns(inputs: readonly ModelInput[], rows: number): InputColumn[] {
  return inputs.map((input) => {
    const dims = input.shape.map((dim) => (dim < 0 ? freeDim : dim));
    return {
      data: missingColumn(
        input.onnxType,
        dims.reduce((product, dim) => product * dim, rows),
      ),
      dims,
    };
  });
}

function sampleText(input: ModelInput, at: number): string {
  if (input.categories && input.categories.length > 0) return input.categories[at % input.categories.length]!;
  return input.type === 'text' ? 'a few words 几个字' : 'a';
}

function sampleNumber(input: ModelInput): number {
  if (input.range) return (input.range.min + input.range.max) / 2;
  return isDate(input) ? 20_000 : 0;
}
