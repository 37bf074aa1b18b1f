import { z } from 'zod';

/** What people call a dataset, model, endpoint …: letters (any script), digits, `_ . -`; 1 to 64 characters; starts with a letter or digit.
 *  Names stand in URLs and on command lines but never become file paths. */
export const namePattern = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,63}$/u;
export const nameSchema = z.string().regex(namePattern);

/** Milliseconds since 1970-01-01 UTC. */
export const timeMs = z.number().int();
/** 64 hexadecimal digits. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
/** A version of something named: `churn` version 3. */
export const versionRef = z.strictObject({ name: nameSchema, version: z.number().int().positive() });
export type VersionRef = z.infer<typeof versionRef>;
/** Value with its 95 % interval and what it rests on; `low`/`high` are null when no honest interval exists. */
export const estimate = z.object({ value: z.number(), low: z.number().nullable(), high: z.number().nullable(), rows: z.number().int() });
export type Estimate = z.infer<typeof estimate>;
