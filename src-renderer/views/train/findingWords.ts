// What a run found out, as a sentence and its tone.
import { metricNames, type Run } from '../../../src-shared/domain/training.ts';
import type { Tone } from '../../components/tone.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import { metricInterval, metricName } from '../../i18n/metricWords.ts';
import type { Compared } from '../../managers/championOfRun.svelte.ts';
import type { ChampionVersion } from '../../managers/championVersion.ts';
import type { RunDetail } from '../../managers/training.svelte.ts';
import { reasonWords } from '../shared/reasonWords.ts';
import { candidateName } from './candidateWords.ts';

export interface FindingWords {
  code: string;
  tone: Tone;
  text: string;
}

const watched = new Set([
  'leak',
  'notBetterThanBaseline',
  'notBetterThanNaive',
  'irregularTimes',
  'overfitGap',
  'classNotInTraining',
  'missingTarget',
  'unreadableImages',
  'fewRows',
  'randomOverTime',
  'randomOverGroups',
  'duplicateRows',
  'deviceLost',
]);

/** Good news first, then warnings, then the rest. */
export function findingWords(run: RunDetail): FindingWords[] {
  const rank: Partial<Record<Tone, number>> = { ok: 0, watch: 1, calm: 2 };
  return run.findings.flatMap((finding) => wordsOf(run, finding) ?? []).sort((a, b) => (rank[a.tone] ?? 3) - (rank[b.tone] ?? 3));
}

/** The best against what is in use, paired on the same rows; nothing while either is unknown. */
export function championWords(
  { primaryMetric }: RunDetail,
  { version, against }: { version: ChampionVersion | null; against: Compared | null },
): FindingWords[] {
  const found = against?.metrics.find(({ metric }) => metric === primaryMetric);
  if (!version || !against || !found) return [];
  const { metric, difference, verdict } = found;
  const words = {
    champion: t('train:champion.name', version),
    metric: metricName(metric),
    difference: metricInterval(metric, difference, { signed: true }),
    rows: fmt.count(against.rows),
  };
  const key = { better: 'beatsChampion', worse: 'behindChampion', noProvenDifference: 'levelWithChampion' } as const;
  const seen = against.note === 'testRowsOfBSeenByA' ? ` ${t('train:champion.seenNote')}` : '';
  return [
    {
      code: key[verdict],
      tone: verdict === 'better' ? 'ok' : verdict === 'worse' ? 'watch' : 'calm',
      text: t(`train:finding.${key[verdict]}`, words) + seen,
    },
  ];
}

function wordsOf(run: RunDetail, { code, params }: Run['findings'][number]): FindingWords | null {
  if (code === 'againstBaseline' || code === 'againstNaive' || code === 'againstNext') return againstWords(run, code, params);
  if (code === 'distilled') return taughtWords(run, params);
  return { code, tone: watched.has(code) ? 'watch' : 'calm', text: reasonWords(code, params) };
}

/** A small model against what it learned from; nothing where the run named no teacher. */
function taughtWords(
  run: RunDetail,
  { metric, teacher, gain, low, high, rows, verdict }: Run['findings'][number]['params'],
): FindingWords | null {
  const known = metricNames.find((each) => each === metric);
  const other = run.candidates[Number(teacher)];
  if (!known || !other || typeof gain !== 'number') return null;
  const interval = typeof low === 'number' && typeof high === 'number' ? { low, high } : { low: null, high: null };
  const key = verdict === 'better' ? 'taughtBetter' : verdict === 'worse' ? 'taughtWorse' : 'taughtLevel';
  const difference = metricInterval(known, { value: gain, ...interval, rows: Number(rows) }, { signed: true });
  return {
    code: key,
    tone: verdict === 'better' ? 'ok' : 'calm',
    text: t(`train:finding.${key}`, { other: candidateName(run.candidates, other), metric: metricName(known), difference }),
  };
}

/** That the best is no better than the constant answer is another finding. */
function againstWords(
  run: RunDetail,
  code: 'againstBaseline' | 'againstNaive' | 'againstNext',
  { metric, place, learner, gain, low, high, rows, verdict }: Run['findings'][number]['params'],
): FindingWords | null {
  const known = metricNames.find((each) => each === metric);
  if (!known || typeof gain !== 'number' || (code !== 'againstNext' && verdict !== 'better')) return null;
  const interval = typeof low === 'number' && typeof high === 'number' ? { low, high } : { low: null, high: null };
  const other = run.candidates[Number(place)];
  const words = {
    other: other ? candidateName(run.candidates, other) : String(learner),
    metric: metricName(known),
    difference: metricInterval(known, { value: gain, ...interval, rows: Number(rows) }),
    rows: fmt.count(Number(rows)),
  };
  if (code === 'againstNaive') return { code, tone: 'ok', text: t('train:finding.beatsNaive', words) };
  if (code === 'againstBaseline') return { code, tone: 'ok', text: t('train:finding.beatsBaseline', words) };
  if (verdict === 'better') return { code, tone: 'ok', text: t('train:finding.beatsNext', words) };
  return { code, tone: 'calm', text: t(verdict === 'worse' ? 'train:finding.behindNext' : 'train:finding.levelWithNext', words) };
}
