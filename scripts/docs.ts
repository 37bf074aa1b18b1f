// npm run docs: writes docs/errors.md from the error catalogue and docs/operators.md from the compiler's tables. Tests hold them together.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorDefinition } from '../src-shared/errors/area.ts';
import { catalogue } from '../src-shared/errors/catalogue.ts';
import { operatorsMarkdown } from './operatorsDoc.ts';

const docs = join(import.meta.dirname, '../docs');

/** The catalogue as Markdown, one heading a code, in alphabetical order. */
export function errorsMarkdown(): string {
  const entries = Object.entries(catalogue as Record<string, ErrorDefinition>).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const sections = entries.map(
    ([code, { http, message, hint }]) => `## ${code}\n\nHTTP ${http}\n\n${message.en}\n${hint.en}\n\n${message.zh}\n${hint.zh}\n`,
  );
  return `# Errors\n\nGenerated from \`src-shared/errors\` by \`npm run docs\`. Words in braces are filled in where the error happens.\n\n${sections.join('\n')}`;
}

if (import.meta.main) {
  for (const [name, text] of [
    ['errors.md', errorsMarkdown()],
    ['operators.md', operatorsMarkdown()],
  ] as const) {
    writeFileSync(join(docs, name), text);
    console.log(`Wrote ${join(docs, name)}`);
  }
}
