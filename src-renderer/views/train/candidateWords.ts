// Candidates by name: the learner and its place among those of its kind.
import { higherIsBetter, type Candidate, type FoldPlan, type MetricName } from '../../../src-shared/domain/training.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { coreWords } from '../../i18n/coreWords.ts';
import { metricName, metricValue } from '../../i18n/metricWords.ts';
import { t, textIfKnown } from '../../i18n/i18n.svelte.ts';

/** `Neural net 3`: the third network of the run. A learner that stands alone has no number, and a taught one a name of its own. */
export function candidateName(all: readonly Candidate[], candidate: Candidate): string {
  if (isTaught(candidate)) return t('train:board.taught');
  const kin = all.filter((each) => each.learner === candidate.learner && !isTaught(each));
  const learner = t(`train:learner.${candidate.learner}`);
  return kin.length === 1 ? learner : t('train:board.number', { learner, n: kin.findIndex(({ id }) => id === candidate.id) + 1 });
}

/** Its kind, where the others of the run are not at hand. */
export function kindName(candidate: Candidate): string {
  return isTaught(candidate) ? t('train:board.taught') : t(`train:learner.${candidate.learner}`);
}

/** Learned what another candidate says. */
export function isTaught({ progress }: Candidate): boolean {
  return progress?.origin.kind === 'distilled';
}

/** What the members and the baseline's own text say. */
const toldElsewhere = new Set(['members', 'answer']);

/** Settings as name and value; layers as `64 × 32`. */
export function settingsWords({ settings }: Candidate): { name: string; value: string }[] {
  return Object.entries(settings)
    .filter(([name]) => !toldElsewhere.has(name))
    .map(([name, value]) => ({
      name: coreWords('train:candidate.', name),
      value: Array.isArray(value)
        ? value.map((one) => fmt.count(one)).join(' × ')
        : typeof value === 'number'
          ? fmt.value(value)
          : typeof value === 'boolean'
            ? t(value ? 'train:setting.yes' : 'train:setting.no')
            : (textIfKnown(`train:setting.${value}`) ?? value),
    }));
}

/** Why it was tried: what it came from, and what the search expected of it. */
export function originWords({ progress, learner }: Candidate, metric: MetricName | null): string | null {
  if (!progress || learner === 'baseline') return null;
  const { kind, expected } = progress.origin;
  if (kind !== 'tpe' || expected === null || metric === null) return t(`train:origin.${kind}`);
  const value = metricValue(metric, higherIsBetter[metric] ? -expected : expected);
  return t('train:origin.expects', { metric: metricName(metric), value });
}

/** "5-fold", "3-fold by customer", "4-fold, each after the last, by day", "one validation part". */
export function foldWords(plan: FoldPlan): string {
  switch (plan.kind) {
    case 'holdout':
      return t('train:folds.holdout');
    case 'stratified':
      return t('train:folds.stratified', { n: plan.folds });
    case 'group':
      return t('train:folds.group', { n: plan.folds, column: plan.groupColumn });
    case 'expanding':
      return t('train:folds.expanding', { n: plan.folds, column: plan.timeColumn });
  }
}
