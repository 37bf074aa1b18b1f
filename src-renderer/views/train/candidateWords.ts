// Candidates by name: the learner and its place among those of its kind.
import type { Candidate } from '../../../src-shared/domain/training.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { coreWords } from '../../i18n/coreWords.ts';
import { t } from '../../i18n/i18n.svelte.ts';

/** `Neural net 3`: the third network of the run. A learner that stands alone has no number. */
export function candidateName(all: readonly Candidate[], candidate: Candidate): string {
  const kin = all.filter(({ learner }) => learner === candidate.learner);
  const learner = t(`train:learner.${candidate.learner}`);
  return kin.length === 1 ? learner : t('train:board.number', { learner, n: kin.findIndex(({ id }) => id === candidate.id) + 1 });
}

/** Settings as name and value; layers as `64 × 32`. */
export function settingsWords({ settings }: Candidate): { name: string; value: string }[] {
  return Object.entries(settings).map(([name, value]) => ({
    name: coreWords('train:candidate.', name),
    value: Array.isArray(value)
      ? value.map((one) => fmt.count(one)).join(' × ')
      : typeof value === 'number'
        ? fmt.value(value)
        : String(value),
  }));
}
