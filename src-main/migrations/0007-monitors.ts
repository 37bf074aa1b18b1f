import type { Migration } from '../platform/migrate.ts';

/** Monitors, alerts and truth. */
export const monitors: Migration = {
  id: 7,
  name: 'monitors',
  up() {},
};
