import type { en } from '../en/index.ts';
import type { Translation } from '../keyTypes.ts';
import { advise } from './advise.ts';
import { audit } from './audit.ts';
import { hardware } from './hardware.ts';
import { jobs } from './jobs.ts';
import { components } from './components.ts';
import { core } from './core.ts';
import { data } from './data.ts';
import { evaluation } from './evaluation.ts';
import { examples } from './examples.ts';
import { features } from './features.ts';
import { frame } from './frame.ts';
import { label } from './label.ts';
import { learn } from './learn.ts';
import { monitor } from './monitor.ts';
import { metrics } from './metrics.ts';
import { registry } from './registry.ts';
import { serve } from './serve.ts';
import { settings } from './settings.ts';
import { today } from './today.ts';
import { train } from './train.ts';

export const zh = {
  frame,
  components,
  settings,
  evaluation,
  examples,
  core,
  today,
  data,
  label,
  features,
  train,
  metrics,
  registry,
  serve,
  learn,
  hardware,
  advise,
  jobs,
  audit,
  monitor,
} satisfies {
  [N in keyof typeof en]: Translation<(typeof en)[N]>;
};
