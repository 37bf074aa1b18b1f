// npm run lint: oxlint, import rules, formatting. Prints what is wrong; the last line says which of the three passed.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './build.ts';
import { findViolations } from './dependencyRules.ts';

const program = (name: string): string => join(root, 'node_modules', name);
const run = (script: string, args: string[]): boolean =>
  spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' }).status === 0;

/** True when the sources keep the rules. */
export async function lint(): Promise<boolean> {
  const code = run(program('oxlint/bin/oxlint'), []);
  const violations = await findViolations(root);
  for (const violation of violations) console.error(violation);
  const imports = violations.length === 0;
  const format = run(program('prettier/bin/prettier.cjs'), ['--check', '--log-level', 'warn', '.']);
  const verdict = (passed: boolean): string => (passed ? 'ok' : 'FAILED');
  console.log(`lint: code ${verdict(code)}, imports ${verdict(imports)}, format ${verdict(format)}`);
  return code && imports && format;
}

if (import.meta.main) process.exit((await lint()) ? 0 : 1);
