import type { Migration } from '../platform/migrate.ts';

/** Business metrics and advice. */
export const advice: Migration = {
  id: 9,
  name: 'advice',
  up() {},
};
