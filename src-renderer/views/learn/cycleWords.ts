// A cycle in words: its state, its stations, its gates, its gain.
import type { Cycle } from '../../../src-shared/rpc/learn.ts';
import type { Gate } from '../../components/GateList.svelte';
import type { Step } from '../../components/Steps.svelte';
import type { Status } from '../../components/tone.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import type { ComparedMetric } from '../shared/compare/verdict.ts';

const statusOf: Record<Cycle['state'], Status> = {
  preparing: 'running',
  training: 'running',
  comparing: 'running',
  proposed: 'proposal',
  promoted: 'ok',
  rejected: 'neutral',
  noImprovement: 'neutral',
  failed: 'crit',
};

/** A cycle that a person stopped is told as failed by the core, and is nothing broken. */
export function isCancelled({ state, error }: Pick<Cycle, 'state' | 'error'>): boolean {
  return state === 'failed' && error?.code === 'MK_JOB_CANCELLED';
}

export function cycleStatus(cycle: Pick<Cycle, 'state' | 'error'>): Status {
  return isCancelled(cycle) ? 'neutral' : statusOf[cycle.state];
}

export function cycleState(cycle: Pick<Cycle, 'state' | 'error'>): string {
  return t(`learn:state.${isCancelled(cycle) ? 'cancelled' : cycle.state}`);
}

export function isRunning({ state }: Pick<Cycle, 'state'>): boolean {
  return state === 'preparing' || state === 'training' || state === 'comparing';
}

/** The main metric of the comparison; null before there is one. */
export function primaryOf({ comparison }: Pick<Cycle, 'comparison'>): ComparedMetric | null {
  return comparison?.metrics.find(({ metric }) => metric === comparison.a.primaryMetric) ?? comparison?.metrics[0] ?? null;
}

export function gatesPassed({ gates }: Pick<Cycle, 'gates'>): { passed: number; count: number } {
  return { passed: gates.filter(({ passed }) => passed).length, count: gates.length };
}

export function stepsOf(cycle: Cycle): Step[] {
  const { state, dataset, challenger, comparison, trigger } = cycle;
  const reached = comparison ? 4 : challenger ? 3 : dataset ? 2 : 1;
  const failed = state === 'failed';
  const stateOf = (index: number): Step['state'] => (index < reached ? 'done' : index > reached ? 'next' : failed ? 'failed' : 'now');
  const ahead = failed ? t('learn:step.notReached') : t('learn:step.waits');
  const detail = (index: number, done: string, now: string): string =>
    index < reached ? done : index > reached ? ahead : failed ? t('learn:step.failed') : now;
  return [
    { id: 'trigger', state: 'done', title: t('learn:step.trigger'), detail: fmt.when(trigger.at) },
    {
      id: 'data',
      state: stateOf(1),
      title: t('learn:step.data'),
      detail: detail(
        1,
        dataset ? t('learn:step.dataDetail', { dataset: dataset.name, version: dataset.version }) : '',
        t('learn:step.looking'),
      ),
    },
    {
      id: 'training',
      state: stateOf(2),
      title: t('learn:step.training'),
      detail: detail(2, challenger ? t('learn:step.trained', { version: challenger.version }) : '', t('learn:step.running')),
    },
    {
      id: 'comparison',
      state: reached > 3 && !cycle.gates.every(({ passed }) => passed) ? 'watch' : stateOf(3),
      title: t('learn:step.comparison'),
      detail: detail(3, t('learn:step.gates', gatesPassed(cycle)), t('learn:step.comparing')),
    },
    { id: 'decision', title: t('learn:step.decision'), ...decisionStep(cycle, ahead) },
  ];
}

function decisionStep({ state, decision }: Cycle, ahead: string): Pick<Step, 'state' | 'detail'> {
  switch (state) {
    case 'proposed':
      return { state: 'now', detail: t('learn:step.yours') };
    case 'promoted':
    case 'rejected':
      return { state: 'done', detail: decision ? `${t(`learn:state.${state}`)} · ${fmt.when(decision.at)}` : t(`learn:state.${state}`) };
    case 'noImprovement':
      return { state: 'done', detail: t('learn:step.noImprovement') };
    default:
      return { state: 'next', detail: ahead };
  }
}

export function gateLines({ gates }: Cycle): Gate[] {
  return gates.map((gate) => ({
    id: gate.gate,
    state: gate.passed ? 'pass' : 'fail',
    sentence: t(`learn:gate.${gate.gate}`),
    measured: measured(gate),
  }));
}

function measured({ gate, passed, value, limit }: Cycle['gates'][number]): string {
  switch (gate) {
    case 'sameRows':
      return t('learn:gate.sameRows.measured', { value: fmt.count(value) });
    case 'enoughRows':
      return t('learn:gate.enoughRows.measured', { value: fmt.count(value), limit: fmt.count(limit) });
    case 'notWorse':
      return t('learn:gate.notWorse.measured', { value: fmt.count(value), limit: fmt.count(limit) });
    case 'proven':
      return value === null
        ? t('learn:gate.proven.unmeasured')
        : t('learn:gate.proven.measured', { value: fmt.difference(value), limit: fmt.value(limit) });
    case 'signature':
      return t(passed ? 'learn:gate.signature.passed' : 'learn:gate.signature.failed');
    case 'latency':
      return limit === null
        ? t('learn:gate.latency.noLimit', { value: fmt.duration(value) })
        : t('learn:gate.latency.measured', { value: fmt.duration(value), limit: fmt.duration(limit) });
    case 'parity':
      return value === null
        ? t('learn:gate.parity.unmeasured')
        : t('learn:gate.parity.measured', { value: fmt.value(value, 2), limit: fmt.value(limit) });
  }
}

/** Gates that no reason opens: their failure would hurt callers or make the comparison worthless. */
const hardGates: readonly Cycle['gates'][number]['gate'][] = ['sameRows', 'enoughRows', 'signature', 'parity'];

export function closedHardGates({ gates }: Pick<Cycle, 'gates'>): string[] {
  return gates.filter(({ gate, passed }) => !passed && hardGates.includes(gate)).map(({ gate }) => t(`learn:gate.${gate}`));
}
