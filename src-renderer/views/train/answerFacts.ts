// How sure the answers of a candidate are, as far as the run measured it on the test rows.
import { metricNames, type Candidate } from '../../../src-shared/domain/training.ts';
import type { KeyValue } from '../../components/KeyValues.svelte';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import { metricInterval } from '../../i18n/metricWords.ts';
import type { RunDetail } from '../../managers/training.svelte.ts';
import { candidateName, isTaught } from './candidateWords.ts';

/** [] where nothing was measured: coverage and calibration are of the chosen one. */
export function answerFacts(run: RunDetail, candidate: Candidate): KeyValue[] {
  const paramsOf = (code: string) => run.findings.find((finding) => finding.code === code)?.params;
  const facts: KeyValue[] = [];
  if (candidate.id === run.bestCandidateId) {
    for (const code of ['sets', 'intervals'] as const) {
      const params = paramsOf(code);
      if (!params) continue;
      const n = (name: string): number => Number(params[name]);
      const share = { share: fmt.percent(n('share')), rows: fmt.count(n('rows')), level: fmt.percent(n('level'), 0) };
      facts.push({ name: t(`train:answers.${code}`), value: t('train:answers.share', share) });
      facts.push(
        code === 'sets'
          ? { name: t('train:answers.size'), value: fmt.value(n('size')) }
          : { name: t('train:answers.width'), value: fmt.value(n('width')) },
      );
    }
    const calibrated = paramsOf('calibrated');
    if (calibrated)
      facts.push({
        name: t('train:answers.calibration'),
        value: t('train:answers.calibrationValue', {
          before: fmt.value(Number(calibrated['before'])),
          after: fmt.value(Number(calibrated['after'])),
        }),
      });
  }
  const taught = isTaught(candidate) ? paramsOf('distilled') : undefined;
  const teacher = run.candidates[Number(taught?.['teacher'] ?? -1)];
  const metric = metricNames.find((each) => each === taught?.['metric']);
  if (taught && teacher && metric) {
    const end = (name: string): number | null => (typeof taught[name] === 'number' ? Number(taught[name]) : null);
    const gain = { value: Number(taught['gain']), low: end('low'), high: end('high'), rows: Number(taught['rows']) };
    facts.push({ name: t('train:answers.teacher'), value: candidateName(run.candidates, teacher) });
    facts.push({ name: t('train:answers.loss'), value: metricInterval(metric, gain, { signed: true }) });
  }
  return facts;
}
