import type { ModelInput, ModelSignature } from '../../../src-shared/domain/features.ts';
import { targetName } from '../../../src-shared/domain/target.ts';
import type { Run } from '../../../src-shared/domain/training.ts';
import type { Result } from '../../../src-shared/rpc/contract.ts';

interface Trained {
  learner: string;
  settings: Record<string, unknown>;
  run: Run;
}

/** What the two were trained with, side by side; null where one side has no such setting. */
export function comparedSettings(a: Trained, b: Trained): Result<'registry.compare'>['settings'] {
  return sideBySide(settingsOf(a), settingsOf(b)).map(([key, first, second]) => ({ key, a: first, b: second }));
}

/** Raw columns of each side with their type; null where one side does not take the column. */
export function comparedInputs(a: ModelSignature, b: ModelSignature): Result<'registry.compare'>['inputs'] {
  return sideBySide(inputsOf(a), inputsOf(b)).map(([column, first, second]) => ({ column, a: first, b: second }));
}

function settingsOf({ learner, settings, run }: Trained): Map<string, string> {
  const { dataset, target, holdout, seed } = run.request;
  return new Map<string, string>([
    ['learner', learner],
    ['dataset', `${dataset.name}@${dataset.version}`],
    ['target', target.kind === 'labels' ? `${target.labelSet}@${target.version}` : targetName(target)],
    ['trainRows', String(run.rows?.train ?? 0)],
    ['testRows', String(run.rows?.test ?? 0)],
    ...(holdout ? [['holdout', holdout.kind] as [string, string]] : []),
    ...(seed === undefined ? [] : [['seed', String(seed)] as [string, string]]),
    ...Object.entries(settings).map(([key, value]): [string, string] => [key, Array.isArray(value) ? value.join(' × ') : String(value)]),
  ]);
}

function inputsOf(signature: ModelSignature): Map<string, string> {
  return new Map(signature.inputs.map((input: ModelInput) => [input.name, `${input.type} (${input.onnxType})`]));
}

function sideBySide(a: Map<string, string>, b: Map<string, string>): [string, string | null, string | null][] {
  return [...new Set([...a.keys(), ...b.keys()])].map((key) => [key, a.get(key) ?? null, b.get(key) ?? null]);
}
