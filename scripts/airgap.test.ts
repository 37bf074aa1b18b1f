import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canIsolate, isolated, type AirgapReport } from './airgap.ts';

/** Attempts that are counted while a script runs in isolation. Connecting a UDP socket only asks for a route: nothing is ever sent. */
function attemptsOf(script: string): number {
  const folder = mkdtempSync(join(tmpdir(), 'modelkeep-airgap-'));
  try {
    const report = join(folder, 'report.json');
    const [program, ...args] = isolated(report, [process.execPath, '-e', script]);
    expect(spawnSync(program!, args, { encoding: 'utf8' }).status).toBe(0);
    return (JSON.parse(readFileSync(report, 'utf8')) as AirgapReport).attempts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const udp = (address: string, family: 4 | 6): string =>
  `const s = require('node:dgram').createSocket('udp${family}'); s.on('error', () => s.close()); s.connect(9, '${address}', () => s.close());`;

test.runIf(canIsolate())('an address outside is counted, loopback is not', () => {
  expect(attemptsOf(udp('127.0.0.1', 4))).toBe(0);
  expect(attemptsOf(udp('192.0.2.1', 4))).toBeGreaterThan(0);
  expect(attemptsOf(udp('2001:db8::1', 6))).toBeGreaterThan(0);
});
