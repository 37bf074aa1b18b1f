// The steps of a sample's way in words, and the objects that they made as links.
import { href } from '../../app/router.svelte.ts';
import type { Step } from '../../components/Steps.svelte';
import { preferences } from '../../app/preferences.svelte.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { listParams } from '../../format/params.ts';
import { coreWords } from '../../i18n/coreWords.ts';
import { t, textIfKnown } from '../../i18n/i18n.svelte.ts';
import { formatParams } from '../../format/params.ts';
import type { DemoStep } from '../../managers/demoSteps.ts';

export function stepView({ step, state, params, startedAt, tookMs }: DemoStep, now: number): Step {
  const time =
    tookMs !== null
      ? fmt.duration(tookMs)
      : state === 'running' && startedAt !== null
        ? fmt.duration(Math.max(0, Math.floor((now - startedAt) / 1000)) * 1000)
        : '';
  const figures = Object.fromEntries(Object.entries(params).filter(([name]) => name !== 'route'));
  const { language } = preferences;
  const metric = figures['metric'];
  const known = textIfKnown(`today:demo.figures.${step}`, {
    ...formatParams(figures, language),
    ...(typeof metric === 'string' && step === 'train' ? { metric: coreWords('metrics:name.', metric) } : {}),
    ...(typeof figures['value'] === 'number' ? { value: fmt.decimal(figures['value']) } : {}),
  });
  // A sentence whose figures have not arrived yet would show its placeholders.
  const facts = known !== null && !known.includes('{{') ? known : listParams(figures, language);
  return {
    id: step,
    state: state === 'running' ? 'now' : state,
    title: coreWords('today:demo.step.', step),
    detail: [time, facts].filter(Boolean).join(' · ') || undefined,
    href: typeof params['route'] === 'string' ? String(params['route']) : undefined,
  };
}

export interface MadeObject {
  kind: string;
  name: string;
  href: string;
}

/** Every object whose name stands in the figures of a finished step. */
export function madeObjects(steps: readonly DemoStep[]): MadeObject[] {
  const found = new Map<string, MadeObject>();
  const add = (kind: string, name: string, to: string): void => void found.set(to, { kind, name, href: to });
  for (const { step, state, params } of steps) {
    if (state !== 'done') continue;
    const text = (name: string): string | null => (params[name] === undefined ? null : String(params[name]));
    const [dataset, run, model, version, endpoint, metric] = ['dataset', 'runId', 'model', 'version', 'endpoint', 'metric'].map(text);
    const datasetVersion = text('datasetVersion');
    if (dataset)
      add(
        t('today:object.dataset'),
        datasetVersion ? `${dataset} v${datasetVersion}` : dataset,
        datasetVersion ? href('data', dataset, `v${datasetVersion}`) : href('data', dataset),
      );
    const route = text('route');
    if (step === 'features' && route)
      add(t('today:object.features'), t('core:subject.spec', { name: `v${text('specVersion') ?? ''}` }), route);
    if (run) add(t('today:object.run'), text('runNumber') ? `#${text('runNumber')}` : run, href('train', run));
    if (model && version) add(t('today:object.modelVersion'), `${model} v${version}`, href('registry', model, `v${version}`));
    if (endpoint) add(t('today:object.endpoint'), endpoint, href('serve', endpoint));
    // Other steps call the measure of a model by this name.
    if (metric && step === 'metric') add(t('today:object.metric'), metric, href('advise', metric));
  }
  return [...found.values()];
}
