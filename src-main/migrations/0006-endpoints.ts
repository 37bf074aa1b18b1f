import type { Migration } from '../platform/migrate.ts';

/** Endpoints and what was deployed on them. */
export const endpoints: Migration = {
  id: 6,
  name: 'endpoints',
  up() {},
};
