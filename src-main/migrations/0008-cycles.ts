import type { Migration } from '../platform/migrate.ts';

/** Cycles of self-learning. */
export const cycles: Migration = {
  id: 8,
  name: 'cycles',
  up() {},
};
