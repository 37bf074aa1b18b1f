import type { Migration } from '../platform/migrate.ts';

/** Candidates are proposed while a run goes on, and fitted fold by fold: where each came from and how far it is. */
export const search: Migration = {
  id: 10,
  name: 'search',
  up(db) {
    db.exec('ALTER TABLE candidates ADD COLUMN progress TEXT');
  },
};
