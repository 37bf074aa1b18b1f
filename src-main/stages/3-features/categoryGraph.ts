import { float, floats, ints, strings, type GraphBuilder, type Value } from '../../compiler/index.ts';
import { toFloat } from './casts.ts';
import type { FittedCross, FittedEncoded, FittedOneHot } from './fittedFeatures.ts';

export type InputOf = (each: { column: string }) => Value;

/**
 * All one-hot columns, crosses and buckets at once: each value has a position in one wide row of zeros, which receives a 1 there.
 * Positions of two columns never meet, so the scatter has no order to depend on. Values that have no feature land in a last
 * position that is cut off. Measured on 15 columns of 3 values, one row: 7 µs over the bare inputs; an OneHot node each: 16 µs.
 */
export function oneHotFeatures(
  g: GraphBuilder,
  { oneHot, crosses, encoded }: { oneHot: FittedOneHot[]; crosses: FittedCross[]; encoded: FittedEncoded[] },
  inputOf: InputOf,
): Value[] {
  const blocks: { width: number; position: (first: number, none: number) => Value }[] = [
    ...oneHot.map((each) => {
      const count = each.values.length;
      return {
        width: count + Number(each.other),
        position: (first: number, none: number) =>
          placeOf(g, inputOf(each), each.values, { first, other: each.other ? first + count : none }),
      };
    }),
    ...crosses.map((each) => ({
      width: each.pairs.length,
      position: (first: number, none: number) => pairOf(g, each, inputOf, { first, other: none }),
    })),
    ...encoded.flatMap(({ column, values, hash }) =>
      hash
        ? [
            {
              width: hash.buckets,
              position: (first: number, none: number) =>
                placeOf(g, inputOf({ column }), values, { first, other: none, places: hash.bucketOf }),
            },
          ]
        : [],
    ),
  ];
  if (blocks.length === 0) return [];
  const width = blocks.reduce((sum, each) => sum + each.width, 0);
  let offset = 0;
  const positions = blocks.map((each) => {
    const first = offset;
    offset += each.width;
    return each.position(first, width);
  });
  const at =
    positions.length === 1
      ? positions[0]!
      : g.op('Concat', positions, { attributes: { axis: 1 }, output: { shape: ['N', positions.length] } });
  const count = g.op('Shape', [at], { attributes: { start: 0, end: 1 }, output: { dtype: 'int64', shape: [1] } });
  const zeros = g.op('ConstantOfShape', [g.op('Concat', [count, g.int64([width + 1])], { attributes: { axis: 0 } })], {
    attributes: { value: { dtype: 'float32', shape: [1], data: Float32Array.of(0) } },
    output: { dtype: 'float32', shape: ['N', width + 1] },
  });
  const ones = g.op('Expand', [g.float32([1], [1, 1]), g.op('Shape', [at], { output: { dtype: 'int64', shape: [2] } })]);
  const hot = g.op('ScatterElements', [zeros, at, ones], { attributes: { axis: 1 } });
  return [g.op('Slice', [hot, g.int64([0]), g.int64([width]), g.int64([1])], { output: { shape: ['N', width] } })];
}

/** Place in `values` as float32; whatever is not listed shares the place after the last. */
export function categoryCode(g: GraphBuilder, each: FittedOneHot, input: Value): Value {
  if (input.dtype !== 'string') return toFloat(g, placeOf(g, input, each.values, { first: 0, other: each.values.length }));
  return g.op('LabelEncoder', [input], {
    domain: 'ai.onnx.ml',
    attributes: {
      keys_strings: strings(each.values),
      values_floats: floats(each.values.map((_, at) => at)),
      default_float: float(each.values.length),
    },
    output: { dtype: 'float32', shape: ['N', 1] },
  });
}

export function crossCode(g: GraphBuilder, each: FittedCross, inputOf: InputOf): Value {
  return toFloat(g, pairOf(g, each, inputOf, { first: 0, other: each.pairs.length }));
}

/** The numbers of an encoded column in the scaled view, side by side; one dictionary for all its tables. */
export function encodedFeatures(g: GraphBuilder, each: FittedEncoded, input: Value): Value[] {
  if (each.tables.length === 0) return [];
  const place = placeOf(g, input, each.values, { first: 0, other: each.values.length });
  return [lookUp(g, each, place, (table, number) => (number - table.centre) / table.spread)];
}

/** Code, numbers as they are, bucket. */
export function encodedCodes(g: GraphBuilder, each: FittedEncoded, input: Value): Value[] {
  const place = placeOf(g, input, each.values, { first: 0, other: each.values.length });
  const parts: Value[] = [];
  if (each.codes > 0) parts.push(toFloat(g, g.op('Min', [place, g.scalar(each.codes, 'int64')], { output: { shape: ['N', 1] } })));
  if (each.tables.length > 0) parts.push(lookUp(g, each, place, (_, number) => number));
  if (each.hash) {
    const buckets = [...each.hash.bucketOf, each.hash.buckets];
    parts.push(g.op('Gather', [g.float32(buckets), place], { output: { dtype: 'float32', shape: ['N', 1] } }));
  }
  return parts;
}

/** int64 [N, 1] places → float32 [N, tables]. */
function lookUp(
  g: GraphBuilder,
  { tables, values }: FittedEncoded,
  place: Value,
  of: (table: FittedEncoded['tables'][number], number: number) => number,
): Value {
  const numbers = new Float32Array((values.length + 1) * tables.length);
  tables.forEach((table, at) => table.numbers.forEach((number, row) => (numbers[row * tables.length + at] = of(table, number))));
  const found = g.op(
    'Gather',
    [g.float32(numbers, [values.length + 1, tables.length]), g.op('Reshape', [place, g.int64([-1])], { output: { shape: ['N'] } })],
    {
      output: { dtype: 'float32', shape: ['N', tables.length] },
    },
  );
  return found;
}

/**
 * int64 [N, 1]: `first` plus the place of a value in `values` (or its entry in `places`), `other` for whatever is not listed. A
 * column of numbers has its values as text; NaN is ''.
 */
function placeOf(
  g: GraphBuilder,
  input: Value,
  values: readonly string[],
  { first, other, places }: { first: number; other: number; places?: readonly number[] },
): Value {
  const placed = values.map((_, at) => first + (places?.[at] ?? at));
  const output = { dtype: 'int64', shape: ['N', 1] } as const;
  if (input.dtype === 'string')
    return g.op('LabelEncoder', [input], {
      domain: 'ai.onnx.ml',
      attributes: { keys_strings: strings(values), values_int64s: ints(placed), default_int64: other },
      output,
    });
  const missing = values.indexOf('');
  const named = [...values.keys()].filter((at) => at !== missing);
  const place = g.op('LabelEncoder', [input], {
    domain: 'ai.onnx.ml',
    attributes: {
      keys_floats: floats(named.map((at) => Number(values[at]))),
      values_int64s: ints(named.map((at) => placed[at]!)),
      default_int64: other,
    },
    output,
  });
  if (missing < 0) return place;
  return g.op(
    'Where',
    [g.op('IsNaN', [input], { output: { dtype: 'bool', shape: ['N', 1] } }), g.scalar(placed[missing]!, 'int64'), place],
    { output },
  );
}

/** Two places make one number, which a table turns into the pair's place. */
function pairOf(g: GraphBuilder, each: FittedCross, inputOf: InputOf, { first, other }: { first: number; other: number }): Value {
  const { leftValues, rightValues, pairs } = each;
  const stride = rightValues.length + 1;
  const table = new BigInt64Array((leftValues.length + 1) * stride).fill(BigInt(other));
  pairs.forEach(([left, right], at) => (table[left * stride + right] = BigInt(first + at)));
  const row = placeOf(g, inputOf({ column: each.left }), leftValues, { first: 0, other: leftValues.length });
  const column = placeOf(g, inputOf({ column: each.right }), rightValues, { first: 0, other: rightValues.length });
  const cell = g.op('Add', [g.op('Mul', [row, g.scalar(stride, 'int64')]), column], { output: { shape: ['N', 1] } });
  return g.op('Gather', [g.constant({ dtype: 'int64', shape: [table.length], data: table }), cell], {
    output: { dtype: 'int64', shape: ['N', 1] },
  });
}
