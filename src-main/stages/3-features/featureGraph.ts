import { GraphBuilder, type Value } from '../../compiler/index.ts';
import { categoryCode, crossCode, encodedCodes, encodedFeatures, oneHotFeatures, type InputOf } from './categoryGraph.ts';
import { datetimeCodes, datetimeFeatures } from './datetimeGraph.ts';
import { blocksOf, type FeatureView, type FittedCombination, type FittedFeatures, type FittedImage } from './fittedFeatures.ts';
import { featureWidth } from './layout.ts';
import { missingMask } from './missingMask.ts';
import { numericFeatures } from './numericGraph.ts';
import { textFeatures } from './textGraph.ts';

/**
 * Writes the graph from raw columns to feature matrices float32 [N, width] into `g`, one for each view that is asked for, and
 * returns those values; `layout` names the features in the same order. Missing, unseen and infinite cells never fail: they become
 * the fill value, "other" or zeros in the scaled view; NaN or the code after the last in the view of codes.
 *
 * Inputs carry the columns' own names; a column of any name is allowed but those in `reservedNames`.
 */
export function addFeatureGraph(g: GraphBuilder, fitted: FittedFeatures, views: readonly FeatureView[] = ['scaled']): Value[] {
  const inputs = new Map<string, Value>();
  for (const { input } of fitted.columns) {
    if (input.onnxType === 'bool' || input.onnxType === 'int64') throw new Error(`No feature takes ${input.onnxType}.`);
    inputs.set(input.name, g.input(input.name, input.onnxType, ['N', ...input.shape]));
  }
  const inputOf: InputOf = (each) => inputs.get(each.column)!;
  const combined = new Map(blocksOf(fitted).combinations.map((each) => [each.number, combination(g, each, inputOf)]));
  return views.map((view) =>
    view === 'scaled' ? scaledFeatures(g, fitted, inputOf, combined) : codeFeatures(g, fitted, inputOf, combined),
  );
}

/** Names that the model's outputs have; a raw column cannot carry them. */
export const reservedNames: readonly string[] = ['prediction', 'probabilities'];

function scaledFeatures(g: GraphBuilder, fitted: FittedFeatures, inputOf: InputOf, combined: ReadonlyMap<object, Value>): Value {
  const blocks = blocksOf(fitted);
  const parts = [
    ...Object.values(blocks.numbers).flatMap((columns) => numericFeatures(g, columns, inputOf)),
    ...numericFeatures(
      g,
      blocks.combinations.map(({ number }) => number),
      (each) => combined.get(each)!,
    ),
    ...oneHotFeatures(g, blocks, inputOf),
    ...blocks.encoded.flatMap((each) => encodedFeatures(g, each, inputOf(each))),
    ...blocks.datetimes.flatMap((each) => datetimeFeatures(g, each, inputOf(each))),
    ...blocks.texts.map((each) => textFeatures(g, each, inputOf(each), 'scaled')),
    ...blocks.images.map((each) => imageFeatures(g, each, inputOf(each))),
  ];
  return concat(g, parts, featureWidth(fitted, 'scaled'));
}

/** For trees: numbers as they are, categories and parts of dates by number, texts reduced where the rule says so; images as in the scaled view. */
function codeFeatures(g: GraphBuilder, fitted: FittedFeatures, inputOf: InputOf, combined: ReadonlyMap<object, Value>): Value {
  const blocks = blocksOf(fitted);
  const numbers = [...Object.values(blocks.numbers).flat().map(inputOf), ...combined.values()];
  const parts = [
    ...(numbers.length > 0 ? [plainNumbers(g, numbers)] : []),
    ...blocks.oneHot.map((each) => categoryCode(g, each, inputOf(each))),
    ...blocks.crosses.map((each) => crossCode(g, each, inputOf)),
    ...blocks.encoded.flatMap((each) => encodedCodes(g, each, inputOf(each))),
    ...blocks.datetimes.flatMap((each) => datetimeCodes(g, each, inputOf(each))),
    ...blocks.texts.map((each) => textFeatures(g, each, inputOf(each), 'codes')),
    ...blocks.images.map((each) => imageFeatures(g, each, inputOf(each))),
  ];
  return concat(g, parts, featureWidth(fitted, 'codes'));
}

function plainNumbers(g: GraphBuilder, inputs: Value[]): Value {
  const raw = concat(g, inputs, inputs.length);
  return g.op('Where', [missingMask(g, raw), g.scalar(NaN), raw], { output: { dtype: 'float32', shape: ['N', inputs.length] } });
}

/** A missing or infinite cell, and a division by zero, give no finite number: the same missing mask takes them all. */
function combination(g: GraphBuilder, { kind, left, right }: FittedCombination, inputOf: InputOf): Value {
  const [a, b] = [inputOf({ column: left }), inputOf({ column: right })];
  switch (kind) {
    case 'product':
      return g.op('Mul', [a, b], { output: { shape: ['N', 1] } });
    case 'ratio':
      return g.op('Div', [a, b], { output: { shape: ['N', 1] } });
    case 'since':
      return g.op('Cast', [g.op('Sub', [a, b])], { attributes: { to: 1 }, output: { dtype: 'float32', shape: ['N', 1] } });
  }
}

function imageFeatures(g: GraphBuilder, image: FittedImage, input: Value): Value {
  const pixels = g.op('Cast', [input], { attributes: { to: 1 }, output: { dtype: 'float32' } });
  const centred = g.op('Sub', [pixels, g.float32(image.mean)]);
  const scaled = g.op('Mul', [centred, g.float32(image.sd.map((sd) => 1 / sd))]);
  const width = image.width * image.height * image.channels;
  return g.op('Reshape', [scaled, g.int64([-1, width])], { output: { shape: ['N', width] } });
}

function concat(g: GraphBuilder, parts: Value[], width: number): Value {
  const shape = ['N', width];
  return parts.length === 1 ? parts[0]! : g.op('Concat', parts, { attributes: { axis: 1 }, output: { shape } });
}
