// Aliases with a fixed meaning have a fixed word; any other alias is a name that a person gave.
import { textIfKnown } from '../../i18n/i18n.svelte.ts';

/** "champion", in Chinese 现役. */
export function aliasWord(alias: string): string {
  return textIfKnown(`registry:aliasName.${alias}`) ?? alias;
}
