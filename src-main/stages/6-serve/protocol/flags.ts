// What is unusual about an accepted request: answered, but said.
import { isoFromEpochDays } from './epochDays.ts';
import { describeFound } from './describeFound.ts';
import { isDate, type InputColumn, type InputPlan, type PlannedInput } from './inputPlan.ts';

export interface Warning {
  row: number;
  field: string;
  /** `missingValue`: a column that always had a value in training has none here. */
  code: 'outOfRange' | 'unseenCategory' | 'notInteger' | 'missingValue';
  found: string;
  expected: string;
}

export interface Flags {
  /** The first ones. */
  warnings: Warning[];
  total: number;
}

/** Walks scalar columns; images and vectors are not looked at. */
export function flagUnusual(plan: InputPlan, columns: readonly InputColumn[], rows: number, maxWarnings = 50): Flags {
  const flags: Flags = { warnings: [], total: 0 };
  const add = (planned: PlannedInput, row: number, code: Warning['code'], found: string, expected: string): void => {
    if (++flags.total <= maxWarnings) flags.warnings.push({ row, field: planned.input.name, code, found, expected });
  };
  for (const planned of plan.inputs) {
    if (planned.elements !== 1) continue;
    const { data } = columns[planned.index]!;
    if (planned.input.onnxType === 'string') flagTexts(planned, data as string[], rows, add);
    else if (planned.canBeMissing) flagNumbers(planned, data as Float32Array, rows, add);
  }
  return flags;
}

type Add = (planned: PlannedInput, row: number, code: Warning['code'], found: string, expected: string) => void;

function flagTexts(planned: PlannedInput, values: readonly string[], rows: number, add: Add): void {
  const { categories, input } = planned;
  for (let row = 0; row < rows; row++) {
    const value = values[row]!;
    if (value === '') {
      if (input.required) add(planned, row, 'missingValue', 'a missing value', planned.expected);
    } else if (categories && !categories.has(value)) {
      add(planned, row, 'unseenCategory', describeFound(value), 'a value seen in training');
    }
  }
}

function flagNumbers(planned: PlannedInput, values: Float32Array, rows: number, add: Add): void {
  const { input } = planned;
  const show = isDate(input) ? isoFromEpochDays : String;
  // Rounded like the value: the training range is kept in float64, a float32 request is rounded.
  const round = input.onnxType === 'float32' ? Math.fround : Number;
  const min = input.range ? round(input.range.min) : -Infinity;
  const max = input.range ? round(input.range.max) : Infinity;
  for (let row = 0; row < rows; row++) {
    const value = values[row]!;
    if (Number.isNaN(value)) {
      if (input.required) add(planned, row, 'missingValue', 'a missing value', planned.expected);
    } else if (value < min || value > max) {
      add(planned, row, 'outOfRange', show(value), `${show(min)} to ${show(max)}, as in training`);
    } else if (input.type === 'integer' && !Number.isInteger(value)) {
      add(planned, row, 'notInteger', String(value), 'an integer');
    }
  }
}
