import type { Migration } from '../platform/migrate.ts';

/** Datasets and their versions. */
export const datasets: Migration = {
  id: 2,
  name: 'datasets',
  up() {},
};
