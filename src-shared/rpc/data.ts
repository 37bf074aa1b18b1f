import { z } from 'zod';
import { nameSchema, versionRef } from '../domain/names.ts';
import {
  cell,
  column,
  columnType,
  datasetKind,
  datasetVersion,
  importOptions,
  importWarning,
  sourceFormat,
  tableProfile,
  versionDiff,
} from '../domain/table.ts';

const atVersion = z.strictObject({ name: nameSchema, version: z.number().int().positive().optional() });

/** `text` is matched case-insensitively in any column; the rest per column. */
export const rowFilter = z.strictObject({
  text: z.string().optional(),
  column: z.string().optional(),
  is: z.enum(['missing', 'present', 'equals', 'contains', 'below', 'above']).optional(),
  value: z.string().optional(),
});

export const data = {
  /** Reads the head of the files: what was detected, why, and the first rows as they would be imported. Nothing is stored. */
  'data.preview': {
    params: z.strictObject({ files: z.array(z.string()).min(1), options: importOptions.default({}) }),
    result: z.object({
      kind: datasetKind,
      format: sourceFormat,
      /** What will be used; pass it back to import, changed or not. */
      options: importOptions,
      detected: z.object({
        encoding: z.string().nullable(),
        encodingConfidence: z.number().nullable(),
        bom: z.boolean(),
        delimiter: z.string().nullable(),
        quote: z.string().nullable(),
        header: z.boolean().nullable(),
        sheets: z.array(z.string()),
        /** Why: e.g. `delimiterConsistent` {delimiter, fields, rows}, `encoding:validUtf8`, `headerOverTypes`. */
        reasons: z.array(importWarning),
      }),
      columns: z.array(column.extend({ examples: z.array(z.string()) })),
      rows: z.array(z.array(cell)),
      sizeBytes: z.number(),
      /** Estimated from the first bytes; exact for Parquet. */
      rowsEstimated: z.number().int().nullable(),
      warnings: z.array(importWarning),
      suggestedName: z.string(),
    }),
  },
  'data.import': {
    params: z.strictObject({ files: z.array(z.string()).min(1), name: nameSchema, options: importOptions.default({}) }),
    result: z.object({ jobId: z.string() }),
  },
  /** Newest version of each dataset. */
  'data.list': {
    params: z.strictObject({}),
    result: z.array(datasetVersion.extend({ versions: z.number().int(), targetHint: z.string().nullable() })),
  },
  'data.get': { params: atVersion, result: datasetVersion.extend({ versions: z.array(datasetVersion), warnings: z.array(importWarning) }) },
  /** A window of rows for the grid; reads from the data engine, any size. */
  'data.rows': {
    params: z.strictObject({
      name: nameSchema,
      version: z.number().int().positive(),
      offset: z.number().int().min(0),
      limit: z.number().int().min(1).max(1000),
      sort: z.strictObject({ column: z.string(), descending: z.boolean() }).optional(),
      filter: rowFilter.optional(),
    }),
    /** `rowNumbers` are positions in the version, from 0, whatever sort and filter say. */
    result: z.object({
      columns: z.array(column),
      rows: z.array(z.array(cell)),
      rowNumbers: z.array(z.number().int()),
      total: z.number().int(),
    }),
  },
  'data.profile': { params: atVersion, result: tableProfile },
  'data.diff': {
    params: z.strictObject({ name: nameSchema, from: z.number().int().positive(), to: z.number().int().positive() }),
    result: versionDiff,
  },
  /** Changes how columns are read: makes a new version from the same stored rows. */
  'data.retype': {
    params: z.strictObject({ name: nameSchema, version: z.number().int().positive(), types: z.record(z.string(), columnType) }),
    result: z.object({ jobId: z.string() }),
  },
  'data.export': {
    params: z.strictObject({
      name: nameSchema,
      version: z.number().int().positive(),
      format: z.enum(['csv', 'parquet']),
      file: z.string(),
    }),
    result: z.object({ jobId: z.string() }),
  },
  /** One image as it was imported. */
  'data.image': {
    params: z.strictObject({
      name: nameSchema,
      version: z.number().int().positive(),
      row: z.number().int().min(0),
      column: z.string().optional(),
    }),
    result: z.object({ base64: z.string(), mime: z.string(), width: z.number().int(), height: z.number().int() }),
  },
  /** What was built from this version. */
  'data.usedBy': {
    params: versionRef,
    result: z.array(
      z.object({ kind: z.enum(['labelSet', 'run', 'modelVersion', 'metric']), name: z.string(), version: z.number().int().nullable() }),
    ),
  },
};
