import { z } from 'zod';
import { estimate, nameSchema, timeMs } from '../domain/names.ts';
import { metricName, referenceColumn } from '../domain/training.ts';
import { traffic } from './serve.ts';

export const alert = z.object({
  id: z.string(),
  endpoint: nameSchema,
  /** What passed its limit. */
  kind: z.enum(['psi', 'nullRate', 'errorRate', 'latency', 'performance', 'predictionShift']),
  column: z.string().nullable(),
  value: z.number(),
  limit: z.number(),
  reference: z.number().nullable(),
  rows: z.number().int(),
  windowFrom: timeMs,
  windowTo: timeMs,
  openedAt: timeMs,
  /** Set when the value came back within its limit, or a person closed it. */
  closedAt: timeMs.nullable(),
  acknowledgedBy: z.string().nullable(),
  state: z.enum(['open', 'acknowledged', 'closed']),
});
export type Alert = z.infer<typeof alert>;

export const monitorSettings = z.object({
  /** Population stability index above which a column counts as drifted; 0.2 is the usual rule of thumb. */
  psiLimit: z.number().positive().default(0.2),
  /** Rise of the null rate over the reference, in share of rows. */
  nullRateRise: z.number().positive().max(1).default(0.05),
  errorRateLimit: z.number().positive().max(1).default(0.05),
  latencyP99Ms: z.number().positive().default(1000),
  /** Fall of the primary metric below the test value's interval. */
  performanceDrop: z.number().positive().default(0.05),
  /** No verdict below this many rows. */
  minRows: z.number().int().min(10).default(100),
  /** Rows that are looked at: the newest. */
  windowRows: z.number().int().min(50).max(100_000).default(1000),
});
export type MonitorSettings = z.infer<typeof monitorSettings>;

export const columnState = z.object({
  name: z.string(),
  /** null with too few rows. */
  psi: z.number().nullable(),
  nullRate: z.number(),
  nullRateReference: z.number(),
  /** Share of values not seen in training (categories). */
  unseen: z.number().nullable(),
  verdict: z.enum(['ok', 'watch', 'critical', 'tooFewRows']),
  reference: referenceColumn,
  /** Shares of the present window in the reference's bins. */
  shares: z.array(z.number()),
  /** Null rate and PSI over past windows, oldest first. */
  history: z.array(z.object({ at: timeMs, psi: z.number().nullable(), nullRate: z.number() })),
});

export const monitorReport = z.object({
  endpoint: nameSchema,
  model: nameSchema,
  version: z.number().int().nullable(),
  at: timeMs,
  window: z.object({ from: timeMs, to: timeMs, rows: z.number().int() }).nullable(),
  columns: z.array(columnState),
  prediction: columnState.nullable(),
  performance: z
    .object({
      metric: metricName,
      labelled: z.number().int(),
      current: estimate.nullable(),
      reference: estimate,
      verdict: z.enum(['ok', 'critical', 'noTruth', 'tooFewRows']),
    })
    .nullable(),
  traffic,
  alerts: z.array(alert),
  settings: monitorSettings,
  verdict: z.enum(['ok', 'watch', 'critical', 'tooFewRows', 'noTraffic']),
});
export type MonitorReport = z.infer<typeof monitorReport>;

export const monitor = {
  'monitor.list': {
    params: z.strictObject({}),
    result: z.array(
      z.object({
        endpoint: nameSchema,
        verdict: monitorReport.shape.verdict,
        openAlerts: z.number().int(),
        worstColumn: z.string().nullable(),
        rows: z.number().int(),
        at: timeMs,
      }),
    ),
  },
  'monitor.get': { params: z.strictObject({ endpoint: nameSchema }), result: monitorReport },
  /** Looks at the newest stored requests now, opens and closes alerts. Also runs by itself every 30 s while requests arrive. */
  'monitor.evaluate': { params: z.strictObject({ endpoint: nameSchema }), result: monitorReport },
  'monitor.alerts': { params: z.strictObject({ state: z.enum(['open', 'all']).default('open') }), result: z.array(alert) },
  'monitor.acknowledge': { params: z.strictObject({ id: z.string(), note: z.string().max(2000).default('') }), result: alert },
  'monitor.settings': { params: z.strictObject({ endpoint: nameSchema, settings: monitorSettings }), result: monitorSettings },
  /** What really happened, by request id and row (or a file with columns request_id, row, truth). */
  'monitor.truth': {
    params: z.strictObject({
      endpoint: nameSchema,
      rows: z
        .array(z.strictObject({ requestId: z.string(), row: z.number().int().min(0).default(0), truth: z.union([z.string(), z.number()]) }))
        .max(100_000)
        .optional(),
      file: z.string().optional(),
    }),
    result: z.object({ matched: z.number().int(), unknown: z.number().int() }),
  },
};
