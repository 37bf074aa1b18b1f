// What the training rows looked like, kept with the model: drift can then be seen without the data.
import type { ModelInput } from '../../../src-shared/domain/features.ts';
import { categoryBin, numericBin, textLength } from '../../../src-shared/domain/reference.ts';
import type { Metrics, Reference, ReferenceColumn } from '../../../src-shared/domain/training.ts';
import type { FittedFeatures, RawTable } from '../3-features/api.ts';

const quantileBins = 10;
const mostCategories = 30;
const otherCategory = 'other';

export interface ReferenceInput {
  fitted: FittedFeatures;
  table: RawTable;
  trainRows: Int32Array;
  /** The model's answers on the test rows. */
  prediction: string[] | Float32Array;
  /** All answers that there can be; empty where they are numbers, or subsets of labels. */
  classes: readonly string[];
  test: Metrics;
}

/** Inputs by quantiles or values of the training rows; images have no reference. */
export function referenceOf({ fitted, table, trainRows, prediction, classes, test }: ReferenceInput): Reference {
  const columns = fitted.columns.flatMap(({ input }) => {
    const column = inputReference(input, table, trainRows);
    return column ? [column] : [];
  });
  return { columns, prediction: predictionReference(prediction, classes), rows: trainRows.length, test };
}

function inputReference(input: ModelInput, table: RawTable, rows: Int32Array): ReferenceColumn | null {
  const raw = table.columns.get(input.name)!;
  switch (raw.kind) {
    case 'float32':
    case 'float64':
      return numericReference(
        input.name,
        Float64Array.from(rows, (row) => raw.values[row]!),
      );
    case 'string': {
      const texts = Array.from(rows, (row) => raw.dictionary[raw.codes[row]!]!);
      return input.type === 'text' ? textReference(input.name, texts) : categoricalReference(input.name, texts);
    }
    case 'uint8':
      return null;
  }
}

function predictionReference(prediction: string[] | Float32Array, classes: readonly string[]): ReferenceColumn {
  return Array.isArray(prediction)
    ? categoricalReference('prediction', prediction, classes.length > 0 ? classes : undefined)
    : numericReference('prediction', Float64Array.from(prediction));
}

export function numericReference(name: string, values: Float64Array): ReferenceColumn {
  const known = values.filter(Number.isFinite);
  const edges = quantileEdges(known);
  return {
    ...shares(known, edges.length + 1, (value) => numericBin(edges, value)),
    name,
    kind: 'numeric',
    rows: values.length,
    nullRate: nullRate(values.length, known.length),
    edges,
    values: null,
  };
}

function textReference(name: string, texts: string[]): ReferenceColumn {
  const known = texts.filter((text) => text !== '').map(textLength);
  const edges = quantileEdges(Float64Array.from(known));
  return {
    ...shares(known, edges.length + 1, (length) => numericBin(edges, length)),
    name,
    kind: 'text',
    rows: texts.length,
    nullRate: nullRate(texts.length, known.length),
    edges,
    values: null,
  };
}

export function categoricalReference(name: string, texts: string[], listed?: readonly string[]): ReferenceColumn {
  const known = texts.filter((text) => text !== '');
  const values = [...(listed ?? mostFrequent(known)), otherCategory];
  const place = new Map(values.slice(0, -1).map((value, at) => [value, at]));
  return {
    ...shares(known, values.length, (text) => place.get(text) ?? categoryBin(values, text)),
    name,
    kind: 'categorical',
    rows: texts.length,
    nullRate: nullRate(texts.length, known.length),
    edges: null,
    values,
  };
}

function mostFrequent(texts: string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts]
    .sort(([a, timesA], [b, timesB]) => timesB - timesA || (a < b ? -1 : 1))
    .slice(0, mostCategories)
    .map(([text]) => text);
}

/** Inner edges of ten equally filled bins; fewer where values repeat, for a constant the constant itself. */
function quantileEdges(values: Float64Array): number[] {
  if (values.length === 0) return [];
  const sorted = Float64Array.from(values).sort();
  const edges = new Set<number>();
  for (let bin = 1; bin < quantileBins; bin++) {
    const edge = sorted[Math.floor((bin * sorted.length) / quantileBins)]!;
    // The lowest value as an edge would leave the first bin empty.
    if (Math.fround(edge) > Math.fround(sorted[0]!)) edges.add(edge);
  }
  return edges.size > 0 ? [...edges] : sorted.at(-1)! > sorted[0]! ? [sorted.at(-1)!] : [sorted[0]!];
}

function shares<T>(known: ArrayLike<T> & Iterable<T>, bins: number, binOf: (value: T) => number): { shares: number[] } {
  const counts = new Array<number>(bins).fill(0);
  for (const value of known) counts[binOf(value)]!++;
  return { shares: counts.map((count) => (known.length === 0 ? 0 : count / known.length)) };
}

function nullRate(rows: number, known: number): number {
  return rows === 0 ? 0 : (rows - known) / rows;
}
