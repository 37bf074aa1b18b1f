// The generated sentences of a model card in the reader's language.
import type { CardKey } from '../../../src-shared/rpc/registry.ts';
import { learner, metricName as metricSchema } from '../../../src-shared/domain/training.ts';
import { task } from '../../../src-shared/domain/features.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { coreWords } from '../../i18n/coreWords.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import { learnerName, metricInterval, metricName, metricValue } from '../../i18n/metricWords.ts';

export interface CardLine {
  key: CardKey;
  params: Readonly<Record<string, string | number>>;
}

/** Facts stand plainly; a limit is something that a user of the model must know. */
export function isLimit({ key }: CardLine): boolean {
  return (
    key === 'notBetterThanBaseline' || key === 'notBetterThanNaive' || key === 'fewTestRows' || key === 'finding' || key === 'rowsDropped'
  );
}

/** With `<b>` and `<code>` for Rich. */
export function cardSentence({ key, params }: CardLine): string {
  const count = (name: string): string => fmt.count(Number(params[name] ?? 0));
  const text = (name: string): string => String(params[name] ?? '');
  const metric = metricSchema.safeParse(params['metric']).data;
  switch (key) {
    case 'purpose': {
      const known = task.safeParse(params['task']).data;
      return known !== 'regression' && text('classes') !== ''
        ? t('registry:card.purposeClasses', { target: text('target'), classes: text('classes') })
        : t('registry:card.purpose', { target: text('target'), task: known ? t(`metrics:task.${known}`) : text('task') });
    }
    case 'trainedOn':
      return t('registry:card.trainedOn', {
        dataset: text('dataset'),
        version: text('version'),
        train: count('train'),
        validation: count('validation'),
        test: count('test'),
      });
    case 'labelledBy':
      return t('registry:card.labelledBy', { labelSet: text('labelSet'), version: text('version') });
    case 'rowsDropped':
      return t('registry:card.rowsDropped', { dropped: count('dropped') });
    case 'temporalHoldout':
      return t('registry:card.temporalHoldout', { column: text('column') });
    case 'stratifiedHoldout':
      return t('registry:card.stratifiedHoldout');
    case 'learner': {
      const known = learner.safeParse(params['learner']).data;
      return t('registry:card.learner', {
        learner: known ? learnerName(known) : text('learner'),
        trainMs: fmt.duration(Number(params['trainMs'])),
        seed: text('seed'),
      });
    }
    case 'testResult':
      return metric
        ? t('registry:card.testResult', {
            metric: metricName(metric),
            interval: metricInterval(metric, estimateOf(params)),
            rows: count('rows'),
          })
        : coreWords('registry:card.', key, params);
    case 'baselineResult':
      return metric
        ? t('registry:card.baselineResult', { metric: metricName(metric), value: metricValue(metric, Number(params['value'])) })
        : coreWords('registry:card.', key, params);
    case 'naiveResult':
      return metric
        ? t('registry:card.naiveResult', { metric: metricName(metric), value: metricValue(metric, Number(params['value'])) })
        : coreWords('registry:card.', key, params);
    case 'notBetterThanNaive':
      return t('registry:card.notBetterThanNaive', { metric: metric ? metricName(metric) : text('metric') });
    case 'forecast':
      return t('registry:card.forecast', { column: text('column'), horizon: count('horizon') });
    case 'notBetterThanBaseline':
      return t('registry:card.notBetterThanBaseline', { metric: metric ? metricName(metric) : text('metric') });
    case 'inputs':
      return t('registry:card.inputs', { used: count('used'), leftOut: count('leftOut') });
    case 'rangeLimits':
      return t('registry:card.rangeLimits', { columns: count('columns') });
    case 'categoryLimits':
      return t('registry:card.categoryLimits', { columns: count('columns') });
    case 'fewTestRows':
      return t('registry:card.fewTestRows', { rows: count('rows') });
    case 'parity':
      return t('registry:card.parity', { difference: fmt.value(Number(params['difference']), 2) });
    case 'finding': {
      const { code, ...figures } = params;
      return coreWords('train:finding.', String(code), figures);
    }
  }
}

function estimateOf(params: CardLine['params']) {
  const end = (name: string): number | null => (typeof params[name] === 'number' ? params[name] : null);
  return { value: Number(params['value']), low: end('low'), high: end('high'), rows: Number(params['rows']) };
}
