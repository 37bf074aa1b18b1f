import type { Migration } from '../platform/migrate.ts';

/** Registered models, versions, aliases and the history of aliases. */
export const models: Migration = {
  id: 5,
  name: 'models',
  up() {},
};
