// What a job that made a dataset version leaves behind.
import { z } from 'zod';
import { versionRef, type VersionRef } from '../../../src-shared/domain/names.ts';

const shapes = z.union([
  versionRef.loose(),
  z.looseObject({ dataset: z.string(), version: z.number() }).transform(({ dataset, version }) => ({ name: dataset, version })),
]);

/** Null when the result names no version. */
export function versionOfResult(result: unknown): VersionRef | null {
  const parsed = shapes.safeParse(result);
  return parsed.success ? { name: parsed.data.name, version: parsed.data.version } : null;
}
