// The schema of registry.sqlite, oldest step first. A released step never changes; each stage owns the steps of its tables.
import type { Migration } from '../platform/migrate.ts';
import { core } from './0001-core.ts';
import { datasets } from './0002-datasets.ts';
import { labels } from './0003-labels.ts';
import { training } from './0004-training.ts';
import { models } from './0005-models.ts';
import { endpoints } from './0006-endpoints.ts';
import { monitors } from './0007-monitors.ts';
import { cycles } from './0008-cycles.ts';
import { advice } from './0009-advice.ts';
import { search } from './0010-search.ts';
import { evaluations } from './0011-evaluations.ts';
import { modelVariants } from './0012-model-variants.ts';

export const migrations: readonly Migration[] = [
  core,
  datasets,
  labels,
  training,
  models,
  endpoints,
  monitors,
  cycles,
  advice,
  search,
  evaluations,
  modelVariants,
];
