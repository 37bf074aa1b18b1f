// An alert in words: what, the likely cause, what it does to callers. The figures come from the core; units depend on the kind.
import type { Alert, ColumnState, MonitorReport } from '../../../managers/monitor.svelte.ts';
import { metricNames, type MetricName } from '../../../../src-shared/domain/training.ts';
import { fmt } from '../../../format/fmt.svelte.ts';
import { t } from '../../../i18n/i18n.svelte.ts';
import { metricName, metricValue } from '../../../i18n/metricWords.ts';

type Figures = Pick<Alert, 'kind' | 'column' | 'value' | 'limit' | 'reference'>;

/** "<code>monthly_charges</code> is missing in <b>40.0%</b> of rows; …" */
export function alertWhat(alert: Figures & Pick<Alert, 'state'>): string {
  // The core keeps the newest value: of a closed alert, the one that came back within the limit.
  return t(`monitor:${alert.state === 'closed' ? 'was' : 'what'}.${alert.kind}`, figures(alert));
}

/** The same without its limit, as the second half of "Yes: …". */
export function alertFinding(alert: Figures): string {
  return t(`monitor:finding.${alert.kind}`, figures(alert));
}

/** What most likely stands behind it, as far as the columns of the report tell. */
export function alertCause({ kind, column }: Pick<Alert, 'kind' | 'column'>, { columns, settings }: MonitorReport): string {
  const moved = columns.filter(({ verdict }) => verdict === 'critical' || verdict === 'watch').map(({ name }) => name);
  const state = columns.find(({ name }) => name === column);
  switch (kind) {
    case 'nullRate':
      return t(state && valuesMoved(state, settings.psiLimit) ? 'monitor:cause.nullRate.moved' : 'monitor:cause.nullRate.still');
    case 'psi':
      return state?.unseen != null && state.unseen >= worthTelling
        ? t('monitor:cause.psi.unseen', { unseen: fmt.percent(state.unseen) })
        : t('monitor:cause.psi');
    case 'performance':
    case 'predictionShift':
      return moved.length > 0
        ? t(`monitor:cause.${kind}.moved`, { columns: fmt.list(moved.slice(0, 4)) + (moved.length > 4 ? ' …' : '') })
        : t(`monitor:cause.${kind}.still`);
    case 'errorRate':
    case 'latency':
      return t(`monitor:cause.${kind}`);
  }
}

export function alertEffect(kind: Alert['kind']): string {
  return t(`monitor:effect.${kind}`);
}

/** Retraining is a remedy for what the model knows, not for callers and machines. */
export function canRetrainHelp(kind: Alert['kind']): boolean {
  return kind !== 'errorRate' && kind !== 'latency';
}

export function valuesMoved({ psi }: Pick<ColumnState, 'psi'>, limit: number): boolean {
  return psi !== null && psi > limit;
}

/** A share of unseen values below this explains no drift. */
const worthTelling = 0.01;

function figures({
  kind,
  column,
  value,
  limit,
  reference,
}: Figures): Record<'column' | 'metric' | 'value' | 'limit' | 'reference', string> {
  const metric = metricNames.find((name): name is MetricName => name === column);
  const write = (figure: number | null): string => {
    if (kind === 'nullRate' || kind === 'errorRate') return fmt.percent(figure);
    if (kind === 'latency') return fmt.duration(figure);
    return kind === 'performance' && metric ? metricValue(metric, figure) : fmt.decimal(figure);
  };
  return {
    column: column ?? '',
    metric: metric ? metricName(metric) : '',
    value: write(value),
    limit: write(limit),
    reference: write(reference),
  };
}
