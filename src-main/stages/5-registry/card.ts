// The generated part of a model card: sentences as keys with figures, worded by the interface in the reader's language.
import { higherIsBetter, type Candidate, type MetricName, type Run } from '../../../src-shared/domain/training.ts';
import type { CardKey } from '../../../src-shared/rpc/registry.ts';

export interface CardLine {
  key: CardKey;
  params: Record<string, string | number>;
}

/** Fewer test rows than this give intervals too wide to rank models by. */
const fewTestRows = 300;

/** Only what is known from the run; what a person knows better goes into the description. */
export function modelCard(candidate: Candidate, run: Run, all: Candidate[]): CardLine[] {
  const { request, rows, signature, primaryMetric, spec } = run;
  const lines: CardLine[] = [];
  const add = (key: CardKey, params: CardLine['params'] = {}): void => void lines.push({ key, params });

  if (signature) add('purpose', { task: signature.task, target: signature.target, classes: signature.classes.join(', ') });
  add('trainedOn', {
    dataset: request.dataset.name,
    version: request.dataset.version,
    train: rows?.train ?? 0,
    validation: rows?.validation ?? 0,
    test: rows?.test ?? 0,
  });
  if (request.target.kind === 'labels') add('labelledBy', { labelSet: request.target.labelSet, version: request.target.version });
  if (rows && rows.dropped > 0) add('rowsDropped', { dropped: rows.dropped });
  if (request.holdout?.kind === 'temporal') add('temporalHoldout', { column: request.holdout.timeColumn });
  if (request.holdout?.kind === 'stratified') add('stratifiedHoldout');
  const forecast = signature?.inputs.find((each) => each.history)?.history;
  if (forecast) add('forecast', { column: forecast.timeColumn, horizon: forecast.horizon });
  add('learner', { learner: candidate.learner, trainMs: Math.round(candidate.trainMs), seed: request.seed ?? 0 });

  if (primaryMetric) {
    const own = candidate.test[primaryMetric];
    if (own) add('testResult', { metric: primaryMetric, value: own.value, ...(own.low !== null && own.high !== null && { low: own.low, high: own.high }), rows: own.rows }); // prettier-ignore
    const constant = all.find((one) => one.learner === 'baseline' && one.id !== candidate.id);
    const baseline = constant?.test[primaryMetric];
    const isNaive = constant?.settings['answer'] === 'seasonalNaive';
    if (own && baseline) {
      add(isNaive ? 'naiveResult' : 'baselineResult', { metric: primaryMetric, value: baseline.value });
      if (!clearlyBetter(primaryMetric, own, baseline.value))
        add(isNaive ? 'notBetterThanNaive' : 'notBetterThanBaseline', { metric: primaryMetric });
    }
  }
  if (signature) {
    const used = spec ? spec.rules.filter((rule) => rule.kind !== 'drop').length : signature.inputs.length;
    add('inputs', { used, leftOut: spec ? spec.rules.length - used : 0 });
    const ranged = signature.inputs.filter((input) => input.range !== null).length;
    if (ranged > 0) add('rangeLimits', { columns: ranged });
    const listed = signature.inputs.filter((input) => input.categories !== null).length;
    if (listed > 0) add('categoryLimits', { columns: listed });
  }
  if (rows && rows.test < fewTestRows) add('fewTestRows', { rows: rows.test });
  if (candidate.parity !== null) add('parity', { difference: candidate.parity });
  for (const finding of run.findings) add('finding', { code: finding.code, ...finding.params });
  return lines;
}

/** The baseline lies outside the interval, on the worse side. Without an interval nothing is claimed. */
function clearlyBetter(metric: MetricName, own: { low: number | null; high: number | null }, baseline: number): boolean {
  const near = higherIsBetter[metric] ? own.low : own.high;
  return near !== null && (higherIsBetter[metric] ? near > baseline : near < baseline);
}
