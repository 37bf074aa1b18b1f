import {
  broadcast,
  elementAt,
  fill,
  numberAttribute,
  binary,
  tensor,
  textAttribute,
  unary,
  type Operator,
  type ReferenceTensor,
} from './tensors.ts';

/** ONNX element types that hold whole numbers, and the one that holds truth values. */
const integerTypes = new Set([2, 3, 4, 5, 6, 7, 12, 13]);
const float16Type = 10;
/** Node has it, the language's declarations do not yet. */
const roundToHalf = (Math as unknown as { f16round(value: number): number }).f16round;
const boolType = 9;

export const elementwise: Readonly<Record<string, Operator>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Pow: binary((a, b) => a ** b),
  Max: variadic((values) => Math.max(...values)),
  Min: variadic((values) => Math.min(...values)),
  Sum: variadic((values) => values.reduce((sum, each) => sum + each, 0)),
  Mean: variadic((values) => values.reduce((sum, each) => sum + each, 0) / values.length),
  // C's fmod has the sign of the dividend, the integer form that of the divisor.
  Mod: (inputs, context) =>
    binary((a, b) => (numberAttribute(context.attributes, 'fmod', 0) ? a % b : a - b * Math.floor(a / b)))(inputs, context),
  Equal: binary((a, b) => Number(a === b)),
  Less: binary((a, b) => Number(a < b)),
  LessOrEqual: binary((a, b) => Number(a <= b)),
  Greater: binary((a, b) => Number(a > b)),
  GreaterOrEqual: binary((a, b) => Number(a >= b)),
  And: binary((a, b) => Number(a !== 0 && b !== 0)),
  Or: binary((a, b) => Number(a !== 0 || b !== 0)),
  Xor: binary((a, b) => Number((a !== 0) !== (b !== 0))),
  Not: unary((x) => Number(x === 0)),
  IsNaN: unary((x) => Number(Number.isNaN(x))),
  IsInf: ([x], { attributes }) => {
    const [negative, positive] = [numberAttribute(attributes, 'detect_negative', 1), numberAttribute(attributes, 'detect_positive', 1)];
    return {
      shape: x!.shape,
      data: x!.data.map((each) => Number((each === Infinity && positive !== 0) || (each === -Infinity && negative !== 0))),
    };
  },
  BitShift: (inputs, context) => {
    const left = textAttribute(context.attributes, 'direction', 'LEFT') === 'LEFT';
    return binary((a, b) => (left ? a * 2 ** b : Math.floor(a / 2 ** b)))(inputs, context);
  },
  BitwiseAnd: binary((a, b) => Number(BigInt(a) & BigInt(b))),
  BitwiseOr: binary((a, b) => Number(BigInt(a) | BigInt(b))),
  BitwiseXor: binary((a, b) => Number(BigInt(a) ^ BigInt(b))),
  /** Of signed integers. */
  BitwiseNot: unary((x) => -x - 1),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Reciprocal: unary((x) => 1 / x),
  Sign: unary(Math.sign),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundHalfToEven),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Sqrt: unary(Math.sqrt),
  Erf: unary(erf),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tan: unary(Math.tan),
  Asin: unary(Math.asin),
  Acos: unary(Math.acos),
  Atan: unary(Math.atan),
  Sinh: unary(Math.sinh),
  Cosh: unary(Math.cosh),
  Asinh: unary(Math.asinh),
  Acosh: unary(Math.acosh),
  Atanh: unary(Math.atanh),
  Identity: unary((x) => x),
  'modelkeep.After': ([x]) => x!,
  Cast: ([x], { attributes }) => {
    const to = numberAttribute(attributes, 'to', 1);
    return {
      shape: x!.shape,
      data: x!.data.map((each) => {
        if (to === boolType) return Number(each !== 0);
        if (to === float16Type) return roundToHalf(each);
        return integerTypes.has(to) ? Math.trunc(each) : each;
      }),
    };
  },
  // Values carry no element type here: right between floats alone.
  CastLike: unary((x) => x),
  Clip: ([x, low, high]) => ({
    shape: x!.shape,
    data: x!.data.map((each) => Math.min(high?.data[0] ?? Infinity, Math.max(low?.data[0] ?? -Infinity, each))),
  }),
  DequantizeLinear: ([x, scale, zeroPoint], { attributes }) => {
    const axis = (numberAttribute(attributes, 'axis', 1) + x!.shape.length) % x!.shape.length;
    const block = numberAttribute(attributes, 'block_size', 0);
    const of = (parameter: ReferenceTensor, index: readonly number[]): number => {
      if (parameter.data.length === 1) return parameter.data[0]!;
      return block ? elementAt(parameter, index.with(axis, Math.floor(index[axis]! / block))) : parameter.data[index[axis]!]!;
    };
    return fill(x!.shape, (index) => (elementAt(x!, index) - (zeroPoint ? of(zeroPoint, index) : 0)) * of(scale!, index));
  },
  /** To uint8; the range always contains 0. Its input is float32 alone, and float32's rounding decides between two integers. */
  DynamicQuantizeLinear: ([x]) => {
    const [least, most] = [Math.min(0, ...x!.data), Math.max(0, ...x!.data)];
    const scale = Math.fround((most - least) / 255);
    const zeroPoint = Math.min(255, Math.max(0, roundHalfToEven(Math.fround(-least / scale))));
    const data = x!.data.map((each) => Math.min(255, Math.max(0, roundHalfToEven(Math.fround(each / scale)) + zeroPoint)));
    return [{ shape: x!.shape, data }, tensor([], [scale]), tensor([], [zeroPoint])];
  },
  Where: ([condition, x, y]) => {
    const shape = broadcast(broadcast(condition!.shape, x!.shape), y!.shape);
    return fill(shape, (index) => elementAt(elementAt(condition!, index) ? x! : y!, index));
  },
};

function variadic(f: (values: readonly number[]) => number): Operator {
  return (inputs) => {
    const given = inputs as readonly ReferenceTensor[];
    const shape = given.reduce<readonly number[]>((wide, each) => broadcast(wide, each.shape), []);
    return fill(shape, (index) => f(given.map((each) => elementAt(each, index))));
  };
}

function roundHalfToEven(x: number): number {
  const nearest = Math.round(x);
  return Math.abs(x % 1) === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
}

/** erf x = 2/√π e^{−x²} Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!, all terms of one sign — https://dlmf.nist.gov/7.6#E2 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = 0;
  for (let term = x, n = 0; Math.abs(term) > 1e-18 * Math.abs(sum) && n < 500; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
