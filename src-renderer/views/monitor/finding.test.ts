import { describe, expect, test } from 'vitest';
import { monitorSettings } from '../../../src-shared/rpc/monitor.ts';
import type { Alert, ColumnState, MonitorReport } from '../../managers/monitor.svelte.ts';
import { findingOf, movedMost, presentAlerts } from './finding.ts';

const alert = (change: Partial<Alert>): Alert => ({
  id: 'alert_1',
  endpoint: 'churn',
  kind: 'psi',
  column: 'tenure',
  value: 0.4,
  limit: 0.2,
  reference: 0,
  rows: 1000,
  windowFrom: 0,
  windowTo: 1,
  openedAt: 1,
  closedAt: null,
  acknowledgedBy: null,
  state: 'open',
  ...change,
});
const column = (name: string, verdict: ColumnState['verdict']): ColumnState => ({
  name,
  psi: 0.15,
  nullRate: 0,
  nullRateReference: 0,
  unseen: null,
  verdict,
  reference: { name, kind: 'numeric', rows: 100, nullRate: 0, edges: [1], values: null, shares: [0.5, 0.5] },
  shares: [0.5, 0.5],
  history: [],
});
const report = (change: Partial<MonitorReport>): MonitorReport => ({
  endpoint: 'churn',
  model: 'churn',
  version: 1,
  at: 1,
  window: { from: 0, to: 1, rows: 1000 },
  columns: [],
  prediction: null,
  performance: null,
  traffic: { buckets: [], bucketMs: 60_000, requests: 0, errors: 0, p50Ms: null, p99Ms: null },
  alerts: [],
  settings: monitorSettings.parse({}),
  verdict: 'ok',
  ...change,
});

describe('presentAlerts', () => {
  test('leaves closed ones out, keeps acknowledged ones, and puts what hurts callers first', () => {
    const kinds = presentAlerts([
      alert({ kind: 'psi' }),
      alert({ kind: 'latency', value: 9000, limit: 1000 }),
      alert({ kind: 'errorRate', state: 'acknowledged' }),
      alert({ kind: 'performance', state: 'closed' }),
      alert({ kind: 'nullRate' }),
    ]).map(({ kind }) => kind);
    expect(kinds).toEqual(['errorRate', 'nullRate', 'psi', 'latency']);
  });

  test('of one kind, the one furthest past its limit comes first', () => {
    const names = presentAlerts([alert({ column: 'a', value: 0.3 }), alert({ column: 'b', value: 0.9 })]).map((one) => one.column);
    expect(names).toEqual(['b', 'a']);
  });
});

describe('findingOf', () => {
  test('an acknowledged alert is still wrong, whatever the verdict says', () => {
    expect(findingOf(report({ alerts: [alert({ state: 'acknowledged' }), alert({ id: 'alert_2' })] }))).toMatchObject({
      kind: 'wrong',
      more: 1,
    });
  });

  test('too few rows is no verdict and says how many are needed', () => {
    const few = report({ verdict: 'tooFewRows', window: { from: 0, to: 1, rows: 63 } });
    expect(findingOf(few)).toEqual({ kind: 'tooFewRows', rows: 63, needed: 100 });
  });

  test('no traffic, a moving column, moving answers, and all well', () => {
    expect(findingOf(report({ verdict: 'noTraffic', window: null }))).toEqual({ kind: 'noTraffic' });
    expect(findingOf(report({ verdict: 'watch', columns: [column('tenure', 'watch')] }))).toEqual({ kind: 'watch', column: 'tenure' });
    expect(findingOf(report({ verdict: 'watch', prediction: column('prediction', 'watch') }))).toEqual({ kind: 'watch', column: null });
    expect(findingOf(report({ columns: [column('tenure', 'ok')] }))).toEqual({ kind: 'ok', rows: 1000 });
  });
});

test('movedMost finds the bin whose share changed most, up or down', () => {
  expect(movedMost([0.1, 0.55, 0.35], [0.2, 0.5, 0.3])).toMatchObject({ bin: 0, from: 0.2, to: 0.1 });
  expect(movedMost([0.2, 0.2, 0.6], [0.2, 0.5, 0.3])).toMatchObject({ bin: 1 });
  expect(movedMost([], [])).toBeNull();
});
