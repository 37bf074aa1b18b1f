import { z } from 'zod';
import { nameSchema, sha256Schema, timeMs, versionRef } from '../domain/names.ts';
import { cell } from '../domain/table.ts';

export const labelClass = z.object({
  name: z.string().min(1).max(100),
  /** Key that chooses it: 1–9, then letters. */ key: z.string().length(1),
});

export const labelSet = z.object({
  name: nameSchema,
  dataset: versionRef,
  kind: z.enum(['table', 'text', 'image']),
  /** Column that is shown large; null for whole rows. */
  itemColumn: z.string().nullable(),
  classes: z.array(labelClass),
  guideline: z.string(),
  progress: z.object({
    total: z.number().int(),
    labelled: z.number().int(),
    skipped: z.number().int(),
    perClass: z.record(z.string(), z.number().int()),
  }),
  versions: z.array(
    z.object({ version: z.number().int(), labels: z.number().int(), sha256: sha256Schema, createdAt: timeMs, createdBy: z.string() }),
  ),
  createdAt: timeMs,
  createdBy: z.string(),
});
export type LabelSet = z.infer<typeof labelSet>;

export const labelItem = z.object({
  row: z.number().int(),
  /** The whole row by column; images come from `data.image`. */
  cells: z.record(z.string(), cell),
  label: z.string().nullable(),
  skipped: z.boolean(),
  note: z.string(),
  author: z.string().nullable(),
  at: timeMs.nullable(),
  /** A model's or a column's guess with its probability, where one exists. */
  suggestion: z.object({ label: z.string(), probability: z.number().nullable(), origin: z.string() }).nullable(),
});
export type LabelItem = z.infer<typeof labelItem>;

export const label = {
  'label.create': {
    params: z.strictObject({
      name: nameSchema,
      dataset: versionRef,
      kind: z.enum(['table', 'text', 'image']),
      itemColumn: z.string().nullable().default(null),
      classes: z.array(labelClass).min(2).max(60),
      guideline: z.string().max(20_000).default(''),
      /** A column whose values become suggestions (never labels). */
      suggestFrom: z.string().optional(),
    }),
    result: labelSet,
  },
  'label.list': { params: z.strictObject({}), result: z.array(labelSet) },
  'label.get': { params: z.strictObject({ name: nameSchema }), result: labelSet },
  'label.update': {
    params: z.strictObject({
      name: nameSchema,
      classes: z.array(labelClass).min(2).max(60).optional(),
      guideline: z.string().max(20_000).optional(),
    }),
    result: labelSet,
  },
  /** The next items from row `from` on. */
  'label.queue': {
    params: z.strictObject({
      name: nameSchema,
      from: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(200).default(20),
      show: z.enum(['open', 'all', 'labelled', 'skipped']).default('open'),
    }),
    result: z.object({ items: z.array(labelItem), remaining: z.number().int() }),
  },
  /** Acknowledged after commit. `label: null, skipped: false` takes a label back. Sending the same change twice is harmless. */
  'label.save': {
    params: z.strictObject({
      name: nameSchema,
      row: z.number().int().min(0),
      label: z.string().nullable(),
      skipped: z.boolean().default(false),
      note: z.string().max(2000).default(''),
      tookMs: z.number().min(0).optional(),
    }),
    result: z.object({ item: labelItem, progress: labelSet.shape.progress, savedAt: timeMs }),
  },
  /** Freezes the present labels as an immutable version for training. */
  'label.freeze': { params: z.strictObject({ name: nameSchema }), result: labelSet },
  'label.export': {
    params: z.strictObject({
      name: nameSchema,
      version: z.number().int().positive().optional(),
      format: z.enum(['csv', 'json']),
      file: z.string(),
    }),
    result: z.object({ file: z.string(), labels: z.number().int() }),
  },
};
