// Runs a command in a network namespace that has only loopback, and counts every packet that wanted to leave it:
//   node scripts/airgap.ts REPORT.json COMMAND [ARG…]
// The kernel counts an attempt with no route (OutNoRoutes), whichever process or library made it, so nothing can hide from the record.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

export interface AirgapReport {
  /** Attempts to reach an address that is not loopback. */
  attempts: number;
}

/** True where a namespace can be made: Linux, root, `unshare` and `ip` at hand. */
export function canIsolate(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up']).status === 0;
}

/** The command line that runs `command` in isolation and leaves an {@link AirgapReport} at `report`. */
export function isolated(report: string, command: string[]): string[] {
  return ['unshare', '--net', process.execPath, import.meta.filename, report, ...command];
}

function attempts(): number {
  const lines = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Ip:'));
  const [names, values] = lines.map((line) => line.split(' '));
  const ipv4 = Number(values![names!.indexOf('OutNoRoutes')]);
  const ipv6 = Number(/^Ip6OutNoRoutes\s+(\d+)/m.exec(readFileSync('/proc/net/snmp6', 'utf8'))?.[1] ?? 0);
  return ipv4 + ipv6;
}

if (import.meta.main) {
  const [report, program, ...args] = process.argv.slice(2);
  spawnSync('ip', ['link', 'set', 'lo', 'up']);
  // Chromium asks the kernel whether there is IPv6 at all, by connecting a UDP socket to this address; nothing is sent. A route that
  // says "prohibited" answers it without counting; every other address still counts.
  spawnSync('ip', ['-6', 'route', 'add', 'prohibit', '2001:4860:4860::8888/128', 'dev', 'lo']);
  const before = attempts();
  const run = spawnSync(program!, args, { stdio: 'inherit' });
  writeFileSync(report!, JSON.stringify({ attempts: attempts() - before } satisfies AirgapReport));
  if (run.error) throw run.error;
  process.exit(run.status ?? 1);
}
