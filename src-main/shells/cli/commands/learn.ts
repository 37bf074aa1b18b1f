import type { Cycle } from '../../../../src-shared/rpc/learn.ts';
import { defineCommand, UsageError } from '../command.ts';
import { estimateText, time, type Out } from '../render.ts';
import { atVersion } from './data.ts';

export const learnCommands = [
  defineCommand({
    words: ['learn', 'start'],
    usage: 'MODEL [--data NAME[@VERSION]] [--alert ID] [--without-requests] [--time-budget 120s] [--seed N]',
    summary: 'Trains on the newest data and compares the result with the champion on the same rows.',
    options: {
      data: { type: 'string' },
      alert: { type: 'string' },
      'without-requests': { type: 'boolean' },
      'time-budget': { type: 'string' },
      seed: { type: 'string' },
    },
    positionals: { min: 1, max: 1 },
    run: async ({ call, finish, words: [model], options }) => {
      const [data, alertId, timeBudgetMs, seed] = [
        options.text('data'),
        options.text('alert'),
        options.durationMs('time-budget'),
        options.integer('seed'),
      ];
      const { cycleId, jobId } = await call('learn.start', {
        model: model!,
        ...(data === undefined ? {} : { dataset: await atVersion(call, data) }),
        ...(alertId === undefined ? {} : { alertId }),
        ...(options.flag('without-requests') ? { withRequests: false } : {}),
        ...(timeBudgetMs === undefined ? {} : { timeBudgetMs }),
        ...(seed === undefined ? {} : { seed }),
      });
      await finish(jobId);
      return call('learn.get', { id: cycleId });
    },
    print: printCycle,
  }),
  defineCommand({
    words: ['learn', 'show'],
    usage: '[CYCLE] [--model NAME]',
    summary: 'Shows one cycle, or all.',
    options: { model: { type: 'string' } },
    positionals: { min: 0, max: 1 },
    run: async ({ call, words: [id], options }) => {
      const model = options.text('model');
      return id === undefined
        ? { cycles: await call('learn.list', model === undefined ? {} : { model }) }
        : { cycle: await call('learn.get', { id }) };
    },
    print: (found, out) =>
      'cycle' in found
        ? printCycle(found.cycle, out)
        : out.table(
            found.cycles.map(({ id, model, state, trigger, champion, challenger, startedAt }) => ({
              id,
              model,
              state,
              trigger: trigger.kind,
              champion: champion.version,
              challenger: challenger?.version,
              started: time(startedAt),
            })),
          ),
  }),
  defineCommand({
    words: ['learn', 'decide'],
    usage: 'CYCLE promote|reject [--reason TEXT]',
    summary: 'Makes the challenger the champion, or not; either is written to the audit log.',
    options: { reason: { type: 'string' } },
    positionals: { min: 2, max: 2 },
    run: ({ call, words: [id, decision], options }) => {
      if (decision !== 'promote' && decision !== 'reject') throw new UsageError(`The decision is promote or reject, not “${decision}”`);
      const reason = options.text('reason');
      return call('learn.decide', { id: id!, decision, ...(reason === undefined ? {} : { reason }) });
    },
    print: printCycle,
  }),
];

function printCycle({ id, model, state, champion, challenger, comparison, gates, decision }: Cycle, out: Out): void {
  out.fields({
    id,
    model,
    state,
    champion: champion.version,
    challenger: challenger?.version,
    decided: decision ? `${decision.by}, ${time(decision.at)}: ${decision.reason}` : undefined,
  });
  if (comparison)
    out.table(
      comparison.metrics.map(({ metric, a, b, difference, verdict }) => ({
        metric,
        champion: estimateText(a),
        challenger: estimateText(b),
        difference: estimateText(difference),
        verdict,
      })),
    );
  if (gates.length > 0) out.table(gates.map(({ gate, passed, value, limit }) => ({ gate, passed: passed ? 'yes' : 'no', value, limit })));
}
