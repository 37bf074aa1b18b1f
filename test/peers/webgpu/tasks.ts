import { gradients } from '../../../src-main/compiler/gradients/index.ts';
import { comparedModels } from '../compiler/models.ts';

/** One thing to try on the device, in a process of its own kind: a crash there ends that process. */
export type Task =
  | { readonly kind: 'sample'; readonly operator: string; readonly sample: number }
  /** `least`: as little memory as can be, by computing values twice on the device. */
  | { readonly kind: 'training'; readonly model: string; readonly least?: boolean };

/** What came of it. `device` and `cpu`: operators that computed with floats, by where they ran. */
export interface Finding {
  readonly error?: string;
  /** Largest difference from the CPU, relative to the larger of 1 and the value. */
  readonly difference?: number;
  readonly device?: readonly string[];
  readonly cpu?: readonly string[];
}

/** Every sample of every rule, and one training per family of networks; one of them also in less memory. */
export const allTasks: readonly Task[] = [
  ...Object.entries(gradients).flatMap(([operator, rule]) => rule.samples.map((_, sample): Task => ({ kind: 'sample', operator, sample }))),
  ...comparedModels.map(({ name }): Task => ({ kind: 'training', model: name })),
  ...comparedModels
    .filter(({ name }) => name.startsWith('transformer'))
    .map(({ name }): Task => ({ kind: 'training', model: name, least: true })),
];

export function titleOf(task: Task): string {
  return task.kind === 'sample'
    ? `${task.operator} sample ${task.sample}`
    : `training of ${task.model}${task.least ? ' in least memory' : ''}`;
}
