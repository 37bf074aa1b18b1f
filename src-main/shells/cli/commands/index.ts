import type { Command } from '../command.ts';
import { adviseCommands } from './advise.ts';
import { auditCommands } from './audit.ts';
import { dataCommands } from './data.ts';
import { jobsCommands } from './jobs.ts';
import { labelCommands } from './label.ts';
import { learnCommands } from './learn.ts';
import { modelsCommands } from './models.ts';
import { monitorCommands } from './monitor.ts';
import { predictCommands } from './predict.ts';
import { sampleCommands } from './samples.ts';
import { serveCommands } from './serve.ts';
import { systemCommands } from './system.ts';
import { trainCommands } from './train.ts';

/** Every command, in the order of the overview. */
export const commands: readonly Command[] = [
  ...systemCommands,
  ...sampleCommands,
  ...dataCommands,
  ...labelCommands,
  ...trainCommands,
  ...modelsCommands,
  ...predictCommands,
  ...serveCommands,
  ...monitorCommands,
  ...learnCommands,
  ...adviseCommands,
  ...jobsCommands,
  ...auditCommands,
];
