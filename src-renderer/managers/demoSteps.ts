// The stations of a sample's way as a list that grows with the events of the core.

export interface DemoStep {
  step: string;
  state: 'running' | 'done' | 'failed';
  params: Readonly<Record<string, string | number>>;
  /** When this window heard of its start; null when it only knows the result. */
  startedAt: number | null;
  tookMs: number | null;
}

/** Puts one event in. A step is over when the next one starts, so a missed "done" leaves no step running for ever. */
export function mergeSteps(
  steps: readonly DemoStep[],
  event: Pick<DemoStep, 'step' | 'state' | 'params'>,
  now: number,
): readonly DemoStep[] {
  const known = steps.findIndex(({ step }) => step === event.step);
  if (known < 0) {
    const closed = steps.map((step): DemoStep => (step.state === 'running' ? { ...step, state: 'done', tookMs: took(step, now) } : step));
    return [...closed, { ...event, startedAt: now, tookMs: null }];
  }
  return steps.map((step, index) =>
    index === known
      ? {
          ...step,
          state: event.state,
          params: { ...step.params, ...event.params },
          tookMs: event.state === 'running' ? null : (step.tookMs ?? took(step, now)),
        }
      : step,
  );
}

function took({ startedAt }: DemoStep, now: number): number | null {
  return startedAt === null ? null : now - startedAt;
}
