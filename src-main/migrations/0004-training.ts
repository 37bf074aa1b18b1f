import type { Migration } from '../platform/migrate.ts';

/** Feature specs, training runs and their candidates. */
export const training: Migration = {
  id: 4,
  name: 'training',
  up() {},
};
