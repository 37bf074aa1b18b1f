import type { NumberElements } from './elements.ts';
import type { ColumnData, PlannedInput } from './inputPlan.ts';
import { tensorError } from './tensorError.ts';

/** Elements of an accepted datatype in the type of the graph; every value is kept exactly. Error: MK_SERVE_TENSOR for infinity and for a
 *  BOOL that is neither 0 nor 1. */
export function widen(planned: PlannedInput, values: NumberElements, perRow: number): ColumnData {
  const field = planned.input.name;
  switch (planned.input.onnxType) {
    case 'float32':
      return requireFinite(field, values instanceof Float32Array ? values : Float32Array.from(values as Int16Array), perRow);
    case 'float64':
      return requireFinite(field, values instanceof Float64Array ? values : Float64Array.from(values as Int16Array), perRow);
    case 'int64':
      return values instanceof BigInt64Array ? values : BigInt64Array.from(values as Int16Array as Iterable<number>, BigInt);
    case 'bool': {
      const wrong = (values as Uint8Array).findIndex((value) => value > 1);
      if (wrong >= 0) throw tensorError(field, 'BOOL elements, 0 or 1', String(values[wrong]), Math.floor(wrong / perRow));
      return values as Uint8Array;
    }
    default:
      return values as Uint8Array;
  }
}

function requireFinite<T extends Float32Array | Float64Array>(field: string, values: T, perRow: number): T {
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
      throw tensorError(field, 'finite numbers, or NaN where one is missing', String(value), Math.floor(at / perRow));
  }
  return values;
}
