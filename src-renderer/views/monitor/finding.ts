// The one thing a report says first, before it is put into words.
import type { Alert, MonitorReport } from '../../managers/monitor.svelte.ts';

export type Finding =
  | { kind: 'wrong'; alert: Alert; more: number }
  | { kind: 'watch'; column: string | null }
  | { kind: 'ok'; rows: number }
  | { kind: 'tooFewRows'; rows: number; needed: number }
  | { kind: 'noTraffic' };

/** What hurts most comes first: callers without an answer, wrong answers, then what may lead there. */
const weight: Record<Alert['kind'], number> = { errorRate: 0, performance: 1, nullRate: 2, psi: 3, predictionShift: 4, latency: 5 };

/** Open and acknowledged alerts: what is wrong now. Worst first. */
export function presentAlerts(alerts: readonly Alert[]): Alert[] {
  return alerts
    .filter(({ state }) => state !== 'closed')
    .toSorted((a, b) => weight[a.kind] - weight[b.kind] || b.value / b.limit - a.value / a.limit);
}

export function findingOf({ verdict, alerts, columns, prediction, window, settings }: MonitorReport): Finding {
  const [worst, ...more] = presentAlerts(alerts);
  if (worst) return { kind: 'wrong', alert: worst, more: more.length };
  if (verdict === 'noTraffic') return { kind: 'noTraffic' };
  if (verdict === 'tooFewRows') return { kind: 'tooFewRows', rows: window?.rows ?? 0, needed: settings.minRows };
  const moving = columns.find((column) => column.verdict === 'watch' || column.verdict === 'critical');
  if (moving) return { kind: 'watch', column: moving.name };
  if (prediction?.verdict === 'watch' || prediction?.verdict === 'critical') return { kind: 'watch', column: null };
  return { kind: 'ok', rows: window?.rows ?? 0 };
}

/** The bin whose share changed most, with both shares. */
export function movedMost(shares: readonly number[], reference: readonly number[]): { bin: number; from: number; to: number } | null {
  let best: { bin: number; from: number; to: number } | null = null;
  shares.forEach((to, bin) => {
    const from = reference[bin] ?? 0;
    if (!best || Math.abs(to - from) > Math.abs(best.to - best.from)) best = { bin, from, to };
  });
  return best;
}
