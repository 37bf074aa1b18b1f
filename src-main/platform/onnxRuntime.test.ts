import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';

/** y = x + x, float32 [2], opset 13. */
const doubled = 'CAg6OQoOCgF4CgF4EgF5IgNBZGQSBXByb2JlWg8KAXgSCgoICAESBAoCCAJiDwoBeRIKCggIARIECgIIAkIECgAQDQ==';
const homes: string[] = [];
afterEach(() => homes.splice(0).forEach((home) => rmSync(home, { recursive: true, force: true })));

/** Runs one model in a process whose home is empty, and gives what it left there. */
function leftInHome(load: string): string[] {
  const home = mkdtempSync(join(tmpdir(), 'modelkeep-home-'));
  homes.push(home);
  const { CI: _ci, ORT_DISABLE_TELEMETRY: _off, XDG_CACHE_HOME: _cache, ...env } = process.env; // the library also keeps quiet under CI
  const script = `${load}; const session = await InferenceSession.create(Buffer.from('${doubled}', 'base64'));
    const { y } = await session.run({ x: new Tensor('float32', [1, 2], [2]) }); if (y.data[1] !== 4) process.exit(1); await session.release();`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname, env: { ...env, HOME: home } });
  return readdirSync(home, { recursive: true, encoding: 'utf8' });
}

test.runIf(process.platform === 'linux')('ONNX Runtime keeps no record of its own, though its maker has it so', () => {
  const ours = pathToFileURL(join(import.meta.dirname, 'onnxRuntime.ts')).href;
  expect(leftInHome(`const { InferenceSession, Tensor } = await import('${ours}')`)).toEqual([]);
  // The control: the same model with the library as it comes.
  expect(leftInHome(`const { InferenceSession, Tensor } = await import('onnxruntime-node')`).join()).toContain('onnxruntime');
});
