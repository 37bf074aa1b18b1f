// May the challenger take the champion's place? Each gate with what was measured and its limit.
import type { ModelSignature } from '../../../src-shared/domain/features.ts';
import { higherIsBetter } from '../../../src-shared/domain/training.ts';
import type { Result } from '../../../src-shared/rpc/contract.ts';
import type { Cycle } from '../../../src-shared/rpc/learn.ts';

export type Gate = Cycle['gates'][number];

export interface GateFacts {
  comparison: Result<'registry.compare'>;
  champion: { signature: ModelSignature; predictMs: number | null };
  challenger: { signature: ModelSignature; predictMs: number | null; parity: number | null };
}

/** Under this many shared rows an interval is too wide to decide by. */
export const fewestRows = 200;
/** Largest difference between the file's answers and the trainer's. */
const parityLimit = 1e-4;
/** The challenger may take twice as long, and a millisecond in any case. */
const latencyFactor = 2;
const latencySlackMs = 1;

/** Gates whose failure would hurt callers or make the comparison worthless: no person can pass them by a reason. */
export const hardGates: readonly Gate['gate'][] = ['sameRows', 'enoughRows', 'signature', 'parity'];

export function judgeGates({ comparison, champion, challenger }: GateFacts): Gate[] {
  const { rows, metrics, a, note } = comparison;
  const primary = metrics.find((one) => one.metric === a.primaryMetric);
  const worse = metrics.filter((one) => one.verdict === 'worse').length;
  const gain = primary ? gainOf(primary) : null;
  return [
    { gate: 'sameRows', passed: note !== '' && rows > 0, value: rows, limit: null },
    { gate: 'enoughRows', passed: rows >= fewestRows, value: rows, limit: fewestRows },
    { gate: 'notWorse', passed: worse === 0, value: worse, limit: 0 },
    // The cautious end of the interval of the gain must lie above zero.
    { gate: 'proven', passed: primary?.verdict === 'better', value: gain, limit: 0 },
    { gate: 'signature', passed: acceptsSameCallers(champion.signature, challenger.signature), value: null, limit: null },
    latencyGate(champion.predictMs, challenger.predictMs),
    {
      gate: 'parity',
      passed: challenger.parity !== null && challenger.parity <= parityLimit,
      value: challenger.parity,
      limit: parityLimit,
    },
  ];
}

/** What a person may be asked to approve, and what is plainly no improvement. */
export function verdictOf(gates: readonly Gate[]): 'proposed' | 'noImprovement' {
  return gates.every((gate) => gate.passed) ? 'proposed' : 'noImprovement';
}

/** Cautious end of the gain, positive where the challenger is better; null without an interval. */
function gainOf({ metric, difference }: Result<'registry.compare'>['metrics'][number]): number | null {
  if (higherIsBetter[metric]) return difference.low;
  return difference.high === null ? null : -difference.high;
}

/** Every request that the champion took is still taken and answered in the same form: no new required column, same types, same classes. */
export function acceptsSameCallers(champion: ModelSignature, challenger: ModelSignature): boolean {
  const known = new Map(champion.inputs.map((input) => [input.name, input]));
  const inputsFit = challenger.inputs.every((input) => {
    const before = known.get(input.name);
    return before ? before.onnxType === input.onnxType && before.shape.join() === input.shape.join() : !input.required;
  });
  const kept = new Set(challenger.inputs.map((input) => input.name));
  const nothingLost = champion.inputs.every((input) => kept.has(input.name));
  const classesKept = champion.classes.every((name) => challenger.classes.includes(name));
  return inputsFit && nothingLost && classesKept && champion.task === challenger.task;
}

function latencyGate(championMs: number | null, challengerMs: number | null): Gate {
  const limit = championMs === null ? null : Math.max(latencyFactor * championMs, championMs + latencySlackMs);
  return { gate: 'latency', passed: limit === null || (challengerMs !== null && challengerMs <= limit), value: challengerMs, limit };
}
