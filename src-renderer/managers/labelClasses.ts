// Classes and their keys while a label set is being made: which keys are free, what is wrong with the list.
import type { LabelSet } from '../../src-shared/rpc/label.ts';

export type LabelClass = LabelSet['classes'][number];

/** Keys that mean something else while labelling: skip, undo, next, previous, note, guideline (and the jumps that start with G). */
const reserved = new Set(['x', 'z', 'j', 'k', 'n', 'g']);
/** In the order in which they are given out. */
export const classKeys: readonly string[] = [...'123456789', ...'abcdefhilmopqrstuvwy', '0'];

/** Gives the next free key, or '' when none is left. */
export function freeKey(classes: readonly LabelClass[]): string {
  const taken = new Set(classes.map(({ key }) => key));
  return classKeys.find((key) => !taken.has(key)) ?? '';
}

export function withKeys(names: readonly string[]): LabelClass[] {
  return names.reduce<LabelClass[]>((classes, name) => [...classes, { name, key: freeKey(classes) }], []);
}

export type ClassProblem =
  | { problem: 'tooFew' }
  | { problem: 'sameName'; name: string }
  | { problem: 'sameKey'; key: string }
  | { problem: 'reservedKey'; key: string; free: string }
  | { problem: 'noKey'; name: string };

/** The first thing that is wrong, or null. Lines without a name do not count. */
export function classProblem(classes: readonly LabelClass[]): ClassProblem | null {
  const named = withNames(classes);
  if (named.length < 2) return { problem: 'tooFew' };
  const name = firstTwice(named.map((one) => one.name));
  if (name !== null) return { problem: 'sameName', name };
  const keyless = named.find(({ key }) => key === '');
  if (keyless) return { problem: 'noKey', name: keyless.name };
  const taken = named.find(({ key }) => reserved.has(key));
  if (taken) return { problem: 'reservedKey', key: taken.key, free: freeKeys(named) };
  const key = firstTwice(named.map((one) => one.key));
  return key === null ? null : { problem: 'sameKey', key };
}

/** As they are sent to the core. */
export function cleanClasses(classes: readonly LabelClass[]): LabelClass[] {
  return withNames(classes);
}

function withNames(classes: readonly LabelClass[]): LabelClass[] {
  return classes.map(({ name, key }) => ({ name: name.trim(), key: key.toLowerCase() })).filter(({ name }) => name !== '');
}

function freeKeys(classes: readonly LabelClass[]): string {
  const taken = new Set(classes.map(({ key }) => key));
  return classKeys
    .filter((key) => !taken.has(key))
    .slice(0, 8)
    .join(' ');
}

function firstTwice(values: readonly string[]): string | null {
  return values.find((value, index) => values.indexOf(value) !== index) ?? null;
}
