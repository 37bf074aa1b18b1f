import type { FeatureRule, FeatureSpec, ModelInput } from '../../../src-shared/domain/features.ts';
import { historyName, type InputHistory } from '../../../src-shared/domain/history.ts';
import type { Column } from '../../../src-shared/domain/table.ts';
import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { fitEncoded, fitOneHot } from './fitCategories.ts';
import { fitDatetime } from './fitDatetime.ts';
import { fitInteractions } from './fitInteractions.ts';
import { fitNumeric } from './fitNumeric.ts';
import { fitText } from './fitText.ts';
import type { FittedColumn, FittedFeatures, FittedImage } from './fittedFeatures.ts';
import { usedHistory, withHistoryColumns } from './history/checkHistory.ts';
import { featureWidth } from './layout.ts';
import type { Float32Column, Float64Column, ImageColumn, LoadModel, RawColumn, RawTable, StringColumn } from './rawTable.ts';
import type { Target } from './target.ts';

export interface FitContext {
  /** Of the dataset version; tells what each raw column means. */
  columns: readonly Column[];
  table: RawTable;
  /** Training rows. Nothing else is looked at: what is learned from validation or test rows would flatter the model. */
  rows: Int32Array;
  /** By position in `table`; only target statistics look at it. Training rows must then take `trainingFeatures`. */
  target?: Target;
  loadModel: LoadModel;
}

/**
 * Learns what the rules leave open (medians, scales, values, vocabulary) from the training rows.
 * Errors: MK_FEATURES_COLUMN_MISSING, MK_FEATURES_RULE_TYPE, MK_FEATURES_INTERACTION, MK_FEATURES_NONE_USABLE.
 */
export async function fitFeatures(spec: FeatureSpec, given: FitContext): Promise<FittedFeatures> {
  const context = { ...given, columns: withHistoryColumns(given.columns, spec.history) };
  const columns: FittedColumn[] = [];
  for (const rule of spec.rules) {
    if (rule.kind === 'drop') continue;
    const fitted = await fitRule(rule, context);
    if (fitted) columns.push(fitted);
  }
  tellHistory(spec, columns);
  const features = { columns, interactions: fitInteractions(spec, columns, context.table, context.rows) };
  if (featureWidth(features) === 0) throw new ModelkeepError('MK_FEATURES_NONE_USABLE', { columns: spec.rules.length });
  return features;
}

/** A model's signature says how each input is made of earlier rows. Whoever has none of them leaves it missing. */
function tellHistory(spec: FeatureSpec, columns: readonly FittedColumn[]): void {
  if (!spec.history) return;
  const { timeColumn, entityColumns, step, horizon } = spec.history;
  const byName = new Map(usedHistory(spec).map((feature) => [historyName(feature), feature]));
  for (const fitted of columns) {
    const feature = byName.get(fitted.column);
    if (!feature) continue;
    const history: InputHistory = { feature, timeColumn, entityColumns, step, horizon };
    fitted.input = { ...fitted.input, required: false, history };
  }
}

type UsedRule = Exclude<FeatureRule, { kind: 'drop' }>;

/** Null where the training rows hold nothing to learn from: no text with a word, for example. */
async function fitRule(rule: UsedRule, { columns, table, rows, target, loadModel }: FitContext): Promise<FittedColumn | null> {
  const column = columns.find((each) => each.name === rule.column);
  const raw = table.columns.get(rule.column);
  if (!column || !raw) throw new ModelkeepError('MK_FEATURES_COLUMN_MISSING', { column: rule.column });
  switch (rule.kind) {
    case 'numeric':
    case 'boolean':
      return fitNumeric(rule, need(raw, 'float32', rule, column), rows, column.type);
    case 'oneHot':
      return fitOneHot(rule, raw.kind === 'float32' ? raw : need(raw, 'string', rule, column), rows, column);
    case 'encoded':
      return fitEncoded(rule, need(raw, 'string', rule, column), rows, column, target ?? null);
    case 'textNgrams':
      return await fitText(rule, need(raw, 'string', rule, column), rows, column, loadModel);
    case 'datetime':
      return fitDatetime(rule, need(raw, 'float64', rule, column), rows, column.type);
    case 'imagePixels':
      return fitImage(rule, need(raw, 'uint8', rule, column), rows);
  }
}

interface RawKinds {
  float32: Float32Column;
  float64: Float64Column;
  string: StringColumn;
  uint8: ImageColumn;
}

function need<Kind extends keyof RawKinds>(raw: RawColumn, kind: Kind, rule: UsedRule, column: Column): RawKinds[Kind] {
  if (raw.kind !== kind) throw new ModelkeepError('MK_FEATURES_RULE_TYPE', { column: rule.column, rule: rule.kind, type: column.type });
  return raw as RawKinds[Kind];
}

function fitImage(rule: Extract<FeatureRule, { kind: 'imagePixels' }>, raw: ImageColumn, rows: Int32Array): FittedImage {
  const { width, height, channels } = rule;
  const pixels = width * height;
  const sum = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (const row of rows) {
    for (let at = 0; at < pixels * channels; at++) {
      const value = raw.values[row * pixels * channels + at]!;
      sum[at % channels]! += value;
      squares[at % channels]! += value * value;
    }
  }
  const count = rows.length * pixels;
  const mean = Array.from(sum, (each) => each / count);
  const sd = Array.from(squares, (each, channel) => Math.sqrt(Math.max(each / count - mean[channel]! ** 2, 0)) || 1);
  const input: ModelInput = {
    name: rule.column,
    type: 'image',
    onnxType: 'uint8',
    shape: [height, width, channels],
    required: true,
    range: { min: 0, max: 255 },
    categories: null,
  };
  return { kind: 'imagePixels', column: rule.column, input, width, height, channels, mean, sd };
}
