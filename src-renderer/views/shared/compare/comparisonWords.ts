// A comparison in sentences: the headline, the rows it rests on, what speaks against the newer version.
import type { Result } from '../../../../src-shared/rpc/contract.ts';
import { fmt } from '../../../format/fmt.svelte.ts';
import { t, textIfKnown } from '../../../i18n/i18n.svelte.ts';
import { learnerName, metricInterval, metricName } from '../../../i18n/metricWords.ts';
import { spellOut } from '../../../format/params.ts';
import { learner } from '../../../../src-shared/domain/training.ts';
import { differing, verdictOf, type Comparison } from './verdict.ts';

const names = (metrics: readonly Parameters<typeof metricName>[0][]): string => fmt.list(metrics.map(metricName));

/** "v15 is better in AUC, and nowhere worse." */
export function verdictSentence(comparison: Comparison): string {
  const { a, b } = comparison;
  const { kind, better, worse } = verdictOf(comparison);
  const versions = { a: a.version, b: b.version };
  switch (kind) {
    case 'better':
      return t('registry:compare.verdict.better', { ...versions, metrics: names(better) });
    case 'aside':
      return t('registry:compare.verdict.aside', { ...versions, metrics: names(better), primary: metricName(a.primaryMetric) });
    case 'worse':
      return t('registry:compare.verdict.worse', { ...versions, metrics: names(worse) });
    case 'mixed':
      return t('registry:compare.verdict.mixed', { ...versions, better: names(better), worse: names(worse) });
    case 'none':
      return t('registry:compare.verdict.none', versions);
  }
}

/** `v1` and `v3`: heads of columns. */
export function versionNames({ a, b }: Pick<Comparison, 'a' | 'b'>): { a: string; b: string } {
  return { a: `v${a.version}`, b: `v${b.version}` };
}

/** "1,517 test rows of v3 that v1 has not learned from; paired, 95% interval" */
export function rowsSentence({ a, b, rows, note }: Comparison): string {
  const values = { a: a.version, b: b.version, rows: fmt.count(rows) };
  return textIfKnown(`registry:compare.rows.${note}`, values) ?? t('registry:compare.rows.other', values);
}

/** Under this many rows a comparison convinces nobody. */
const fewRows = 200;

/** What a person should know before choosing `b`; empty when nothing was found. */
export function doubts(comparison: Comparison): string[] {
  const { a, metrics, inputs, rows, note } = comparison;
  const primary = metrics.find(({ metric }) => metric === a.primaryMetric);
  const changed = differing(inputs).length;
  return [
    ...metrics
      .filter(({ verdict }) => verdict === 'worse')
      .map(({ metric, difference }) =>
        t('registry:decision.doubt.worse', { metric: metricName(metric), interval: metricInterval(metric, difference, { signed: true }) }),
      ),
    ...(primary?.verdict === 'noProvenDifference'
      ? [
          t('registry:decision.doubt.unproven', {
            metric: metricName(primary.metric),
            interval: metricInterval(primary.metric, primary.difference, { signed: true }),
          }),
        ]
      : []),
    ...(changed > 0 ? [t('registry:decision.doubt.inputs', { count: changed, n: fmt.count(changed), a: a.version })] : []),
    ...(note === 'testRowsOfBSeenByA' ? [t('registry:decision.doubt.seen', { a: a.version })] : []),
    ...(rows < fewRows ? [t('registry:decision.doubt.rows', { n: fmt.count(rows) })] : []),
  ];
}

/** What happens to callers when `alias` moves to the version: "churn switches to v15 …" */
export function switchSentence(followers: readonly string[], alias: string, version: number): string {
  return followers.length === 0
    ? t('registry:alias.noSwitch', { alias })
    : t('registry:alias.switch', { count: followers.length, names: fmt.list(followers), version });
}

export function factName(key: string): string {
  return textIfKnown(`registry:compare.fact.${key}`) ?? spellOut(key);
}

/** A setting as it is told: names of learners in words, counts grouped, `churn@3` as `churn v3`. */
export function factValue({
  key,
  value,
}: {
  key: Result<'registry.compare'>['settings'][number]['key'];
  value: string | null;
}): string | null {
  if (value === null) return null;
  if (key === 'learner') {
    const known = learner.safeParse(value);
    return known.success ? learnerName(known.data) : value;
  }
  if (key === 'trainRows' || key === 'testRows') return fmt.count(Number(value));
  if (key === 'dataset' || key === 'target') return value.replace(/@(\d+)$/, ' v$1');
  return value;
}
