import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';

/** Something with a name, and other names that it may be called by. */
export interface Named {
  readonly name: string;
  readonly aliases?: readonly string[];
}

/** Those that one of the patterns names; `*` stands for any letters. Throws MK_COMPILER_PARAMETER_UNKNOWN for a pattern that names none. */
export function chosenBy<Each extends Named>(all: readonly Each[], patterns: readonly string[]): Each[] {
  const chosen = new Set<Each>();
  for (const pattern of patterns) {
    const found = all.filter((each) => [each.name, ...(each.aliases ?? [])].some((name) => matches(name, pattern)));
    if (found.length === 0) {
      const known = all.slice(0, 5).map((each) => each.name);
      throw new ModelkeepError('MK_COMPILER_PARAMETER_UNKNOWN', { pattern, known: known.join(', ') || '–' });
    }
    for (const each of found) chosen.add(each);
  }
  return all.filter((each) => chosen.has(each));
}

export function matches(name: string, pattern: string): boolean {
  const parts = pattern.split('*').map((each) => each.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
}
