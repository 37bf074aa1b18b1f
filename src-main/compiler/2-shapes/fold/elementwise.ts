import { broadcastShapes } from '../broadcast.ts';
import { readInteger } from '../../onnx/attributes.ts';
import { dataTypeCodes } from '../../onnx/graph.ts';
import { broadcastOffset, count, dataTypeName, eachIndex, isFloat, stridesOf, type Evaluator, type Numbers } from './numbers.ts';

/** Operators that work element by element, with broadcasting — https://github.com/onnx/onnx/blob/main/docs/Broadcasting.md */
export const elementwise: Readonly<Record<string, Evaluator>> = {
  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: arithmetic((a, b) => a * b),
  // Integers are divided towards zero, as in C; a division by zero is left to the runtime.
  Div: (inputs) => {
    const [a, b] = inputs;
    if (isFloat(a!.dtype)) return combine(inputs, (x, y) => x / y);
    return b!.data.includes(0) ? undefined : combine(inputs, (x, y) => Math.trunc(x / y));
  },
  // fmod=1 takes the sign of the dividend, 0 that of the divisor.
  Mod: (inputs, { attributes }) => {
    if (inputs[1]!.data.includes(0)) return undefined;
    return combine(inputs, readInteger(attributes, 'fmod', 0) === 1 ? (x, y) => x % y : (x, y) => ((x % y) + y) % y);
  },
  Pow: arithmetic(Math.pow),
  Min: arithmetic(Math.min),
  Max: arithmetic(Math.max),
  Sum: arithmetic((a, b) => a + b),
  Neg: each((x) => -x),
  Abs: each(Math.abs),
  Sqrt: each(Math.sqrt),
  Floor: each(Math.floor),
  Ceil: each(Math.ceil),
  Round: each(roundHalfToEven),
  Sign: each(Math.sign),
  Reciprocal: each((x) => 1 / x),
  Exp: each(Math.exp),
  Log: each(Math.log),
  Relu: each((x) => Math.max(x, 0)),
  Sin: each(Math.sin),
  Cos: each(Math.cos),
  Identity: ([x]) => x!,
  Not: each((x) => Number(x === 0)),
  And: comparison((a, b) => a !== 0 && b !== 0),
  Or: comparison((a, b) => a !== 0 || b !== 0),
  Xor: comparison((a, b) => (a !== 0) !== (b !== 0)),
  Equal: comparison((a, b) => a === b),
  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  Less: comparison((a, b) => a < b),
  LessOrEqual: comparison((a, b) => a <= b),
  Where: ([condition, x, y]) => {
    const shape = [condition, x, y].reduce<readonly number[]>((wide, input) => sizes(wide, input!.shape), []);
    const at = (of: Numbers): ((index: readonly number[]) => number) => {
      const strides = stridesOf(of.shape);
      return (index) => of.data[broadcastOffset(of.shape, strides, index)]!;
    };
    const [c, whenTrue, whenFalse] = [at(condition!), at(x!), at(y!)];
    const data = new Float64Array(count(shape));
    eachIndex(shape, (index, offset) => {
      data[offset] = c(index) !== 0 ? whenTrue(index) : whenFalse(index);
    });
    return { dtype: x!.dtype, shape, data };
  },
  Clip: ([x, low, high]) => {
    const [least, most] = [low?.data[0] ?? -Infinity, high?.data[0] ?? Infinity];
    return { ...x!, data: x!.data.map((value) => Math.min(Math.max(value, least), most)) };
  },
  Cast: ([x], { attributes }) => castTo(x!, dataTypeName(dataTypeCodes, readInteger(attributes, 'to', 0))),
  CastLike: ([x, like]) => castTo(x!, like!.dtype),
};

/** Floats become integers towards zero; what has no integer (NaN, ±∞, out of range) is left to the runtime. */
function castTo(x: Numbers, to: Numbers['dtype'] | undefined): Numbers | undefined {
  if (to === undefined || to === 'string' || to === 'float16') return undefined;
  if (to === 'bool') return { ...x, dtype: to, data: x.data.map((value) => Number(value !== 0)) };
  if (isFloat(to) || !isFloat(x.dtype)) return { ...x, dtype: to };
  if (!x.data.every((value) => Math.abs(value) <= 2 ** 31)) return undefined;
  return { ...x, dtype: to, data: x.data.map(Math.trunc) };
}

function each(f: (x: number) => number): Evaluator {
  return ([x]) => ({ ...x!, data: x!.data.map(f) });
}

function arithmetic(f: (a: number, b: number) => number): Evaluator {
  return (inputs) => combine(inputs, f);
}

function comparison(f: (a: number, b: number) => boolean): Evaluator {
  return (inputs) => combine(inputs, (a, b) => Number(f(a, b)), 'bool');
}

/** Left to right over any number of inputs, each result rounded to the element type as the runtime does. */
function combine(inputs: readonly (Numbers | undefined)[], f: (a: number, b: number) => number, dtype = inputs[0]!.dtype): Numbers {
  return (inputs as readonly Numbers[]).slice(1).reduce<Numbers>((a, b) => {
    const shape = sizes(a.shape, b.shape);
    const data = new Float64Array(count(shape));
    const [as, bs] = [stridesOf(a.shape), stridesOf(b.shape)];
    eachIndex(shape, (index, offset) => {
      const result = f(a.data[broadcastOffset(a.shape, as, index)]!, b.data[broadcastOffset(b.shape, bs, index)]!);
      data[offset] = dtype === 'float32' ? Math.fround(result) : result;
    });
    return { dtype, shape, data };
  }, inputs[0]!);
}

function sizes(a: readonly number[], b: readonly number[]): number[] {
  return broadcastShapes(a, b) as number[];
}

function roundHalfToEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
