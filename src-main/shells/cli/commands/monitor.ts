import { resolve } from 'node:path';
import type { MonitorReport } from '../../../../src-shared/rpc/monitor.ts';
import { defineCommand } from '../command.ts';
import { estimateText, time, type Out } from '../render.ts';

export const monitorCommands = [
  defineCommand({
    words: ['monitor', 'show'],
    usage: '[ENDPOINT]',
    summary: 'Shows drift, errors and accuracy of an endpoint, or the verdict on all.',
    positionals: { min: 0, max: 1 },
    run: async ({ call, words: [endpoint] }) =>
      endpoint === undefined ? { all: await call('monitor.list', {}) } : { one: await call('monitor.get', { endpoint }) },
    print: (found, out) =>
      'all' in found ? out.table(found.all.map(({ at, ...row }) => ({ ...row, at: time(at) }))) : printReport(found.one, out),
  }),
  defineCommand({
    words: ['monitor', 'evaluate'],
    usage: 'ENDPOINT',
    summary: 'Looks at the newest requests now; opens and closes alerts.',
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [endpoint] }) => call('monitor.evaluate', { endpoint: endpoint! }),
    print: printReport,
  }),
  defineCommand({
    words: ['monitor', 'truth'],
    usage: 'ENDPOINT --file FILE',
    summary: 'Reads what really happened from a file with the columns request_id, row, truth.',
    options: { file: { type: 'string' } },
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [endpoint], options }) => call('monitor.truth', { endpoint: endpoint!, file: resolve(options.required('file')) }),
  }),
];

function printReport({ endpoint, model, version, verdict, window, columns, performance, traffic, alerts }: MonitorReport, out: Out): void {
  out.fields({
    endpoint,
    model: `${model}:${version ?? '–'}`,
    verdict,
    rows: window?.rows,
    requests: traffic.requests,
    errors: traffic.errors,
    p99Ms: traffic.p99Ms,
  });
  if (performance) {
    const { metric, current, reference, labelled, verdict: judged } = performance;
    out.line(
      `${metric}: ${current ? estimateText(current) : '–'} now, ${estimateText(reference)} in test; ${labelled} rows with truth (${judged})`,
    );
  }
  out.table(
    columns.map(({ name, psi, nullRate, nullRateReference, unseen, verdict: judged }) => ({
      column: name,
      psi,
      nullRate,
      nullRateReference,
      unseen,
      verdict: judged,
    })),
  );
  for (const { kind, column, value, limit, state } of alerts.filter((alert) => alert.state !== 'closed'))
    out.line(`ALERT ${kind} ${column ?? ''} ${value} > ${limit} (${state})`);
}
