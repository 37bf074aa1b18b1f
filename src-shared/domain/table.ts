import { z } from 'zod';
import { nameSchema, sha256Schema, timeMs } from './names.ts';

/** How a column is read and used. `identifier` is unique-ish and never a feature; `image` holds encoded bytes. */
export const columnTypes = ['integer', 'number', 'boolean', 'category', 'text', 'date', 'timestamp', 'identifier', 'image'] as const;
export const columnType = z.enum(columnTypes);
export type ColumnType = z.infer<typeof columnType>;

export const column = z.object({ name: z.string(), type: columnType });
export type Column = z.infer<typeof column>;

export const datasetKind = z.enum(['table', 'images', 'texts']);
export const sourceFormat = z.enum(['csv', 'parquet', 'json', 'jsonl', 'excel', 'images', 'texts', 'requests']);
export const encodings = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'gb18030',
  'big5',
  'shift_jis',
  'euc-kr',
  'windows-1252',
  'windows-1251',
] as const;

/** Everything a person may override before an import; absent means "detect". */
export const importOptions = z.strictObject({
  format: sourceFormat.exclude(['requests']).optional(),
  encoding: z.enum(encodings).optional(),
  /** One character, e.g. `,` `;` `\t` `|`. */
  delimiter: z.string().length(1).optional(),
  quote: z.string().max(1).optional(),
  header: z.boolean().optional(),
  /** Excel sheet name. */
  sheet: z.string().optional(),
  /** Text that means "missing" besides the empty cell. */
  missingTokens: z.array(z.string()).optional(),
  types: z.record(z.string(), columnType).optional(),
  /** `reject` (default) stops at the first broken row; `setAside` imports the rest and keeps broken rows, counted, in the import log. */
  brokenRows: z.enum(['reject', 'setAside']).optional(),
  /** `reject` (default): two columns of one name are an error that proposes names; `rename` takes them (`amount`, `amount_2`).
   *  A preview always renames, warns and hands back `rename`: whoever saw it has seen the names. */
  duplicateColumns: z.enum(['reject', 'rename']).optional(),
});
export type ImportOptions = z.infer<typeof importOptions>;

export const importWarning = z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) });

export const datasetVersion = z.object({
  dataset: nameSchema,
  version: z.number().int().positive(),
  kind: datasetKind,
  columns: z.array(column),
  rows: z.number().int(),
  /** Bytes of the Parquet blob. */
  sizeBytes: z.number().int(),
  /** SHA-256 of the Parquet blob: the same content imported twice is the same version. */
  sha256: sha256Schema,
  source: z.object({ files: z.array(z.string()), format: sourceFormat, options: importOptions, rowsSetAside: z.number().int() }),
  createdAt: timeMs,
  createdBy: z.string(),
});
export type DatasetVersion = z.infer<typeof datasetVersion>;

/** `edges` has one more entry than `counts`; equal-width bins unless a note says otherwise. */
export const histogram = z.object({ edges: z.array(z.number()), counts: z.array(z.number().int()) });
export type Histogram = z.infer<typeof histogram>;
export const valueCount = z.object({ value: z.string(), count: z.number().int() });

export const findingCode = z.enum([
  'allMissing',
  'constant',
  'mostlyMissing',
  'allUnique',
  'highCardinality',
  'numbersInText',
  'blankText',
  'outliers',
  'skewed',
  'duplicateRows',
  'imbalanced',
  'possiblePersonalData',
  'truncatedImages',
  'mixedImageSizes',
]);
export const finding = z.object({
  code: findingCode,
  severity: z.enum(['note', 'watch', 'critical']),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
});

export const columnProfile = z.object({
  name: z.string(),
  type: columnType,
  missing: z.number().int(),
  /** Approximate (HyperLogLog) when `distinctExact` is false. */
  distinct: z.number().int(),
  distinctExact: z.boolean(),
  /** Numbers and dates (dates as epoch ms); null where the type has none. */
  numeric: z
    .object({
      min: z.number(),
      max: z.number(),
      mean: z.number(),
      sd: z.number(),
      p05: z.number(),
      p25: z.number(),
      p50: z.number(),
      p75: z.number(),
      p95: z.number(),
      quantilesExact: z.boolean(),
    })
    .nullable(),
  histogram: histogram.nullable(),
  /** The most frequent values, at most 20. */
  topValues: z.array(valueCount),
  /** Characters (code points). */
  textLength: z.object({ min: z.number().int(), median: z.number(), max: z.number().int(), histogram }).nullable(),
  image: z
    .object({
      widthMin: z.number().int(),
      widthMax: z.number().int(),
      heightMin: z.number().int(),
      heightMax: z.number().int(),
      formats: z.array(valueCount),
      bytesMedian: z.number(),
      unreadable: z.number().int(),
    })
    .nullable(),
  findings: z.array(finding),
});
export type ColumnProfile = z.infer<typeof columnProfile>;

export const tableProfile = z.object({
  rows: z.number().int(),
  columns: z.array(columnProfile),
  tookMs: z.number(),
  findings: z.array(finding),
});
export type TableProfile = z.infer<typeof tableProfile>;

export const columnDiff = z.object({
  name: z.string(),
  change: z.enum(['added', 'removed', 'type', 'same']),
  typeBefore: columnType.nullable(),
  typeAfter: columnType.nullable(),
  missingBefore: z.number().nullable(),
  missingAfter: z.number().nullable(),
  /** Population stability index of the distributions, null where it does not apply. */
  psi: z.number().nullable(),
  before: columnProfile.nullable(),
  after: columnProfile.nullable(),
});
export const versionDiff = z.object({
  rowsBefore: z.number().int(),
  rowsAfter: z.number().int(),
  rowsAdded: z.number().int(),
  rowsRemoved: z.number().int(),
  columns: z.array(columnDiff),
});
export type VersionDiff = z.infer<typeof versionDiff>;

/** One cell as it travels to a screen: dates as ISO text, images as null (ask `data.image`). */
export const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
export type Cell = z.infer<typeof cell>;
