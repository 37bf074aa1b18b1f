// Brings a database file to the present schema, one numbered step after another.
import assert from 'node:assert/strict';
import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { transaction, type WritableDb } from './sqlite.ts';

export interface Migration {
  /** 1, 2, 3 … without a gap: it is also the schema version that the step leaves behind. */
  id: number;
  name: string;
  up(db: WritableDb): void;
}

/** Applies what is missing; each step and its number are one transaction, so an interrupted start finds the old or the new schema.
 *  Error: MK_WORKSPACE_NEWER (the file is left untouched). */
export function migrate(db: WritableDb, migrations: readonly Migration[]): { from: number; to: number } {
  migrations.forEach(({ id, name }, index) => assert(id === index + 1, `Migration “${name}” has number ${id}; ${index + 1} is next`));
  const known = migrations.length;
  const from = schemaVersion(db);
  if (from > known) throw new ModelkeepError('MK_WORKSPACE_NEWER', { found: from, known });
  for (const { id, up } of migrations.slice(from)) {
    transaction(db, () => {
      up(db);
      db.pragma(`user_version = ${id}`);
    });
  }
  return { from, to: known };
}

/** The number of the last applied step, kept in the file's header. */
export function schemaVersion(db: WritableDb): number {
  return db.pragma('user_version', { simple: true }) as number;
}
