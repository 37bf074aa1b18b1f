// system.doctor: what of this machine works, what does not, measured now. The interface words the checks and their remedies by key.
import { createServer } from 'node:net';
import os from 'node:os';
import type { Result } from '../../src-shared/rpc/contract.ts';
import { isModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { freeSpace } from '../platform/files.ts';
import type { LibraryVersions } from '../platform/libraryProbe.ts';
import { measureFsync } from '../platform/machine.ts';
import type { StartWorker } from '../platform/processHost.ts';
import { processTree } from '../platform/processTree.ts';
import { socketsOf } from '../platform/sockets.ts';
import { sqliteVersion } from '../platform/sqlite.ts';
import type { Workspace } from '../platform/workspace.ts';
import type { AuditService } from '../govern/auditService.ts';
import type { SettingsStore } from '../govern/settings.ts';

type Report = Result<'system.doctor'>;
type Check = Report['checks'][number];

export interface DoctorParts {
  workspace: Workspace;
  audit: AuditService;
  settings: SettingsStore;
  startWorker: StartWorker;
  shellPid: number;
}

const gigabyte = 1024 ** 3;
const probeTimeoutMs = 20_000;

export async function examine({ workspace, audit, settings, startWorker, shellPid }: DoctorParts): Promise<Report> {
  const [libraries, disk, fsyncMs, processes] = await Promise.all([
    probeLibraries(startWorker),
    freeSpace(workspace.folder),
    measureFsync(workspace.tmp),
    processTree(shellPid),
  ]);
  const port = await portState(settings.get().servePort, processes);
  const cores = os.cpus();
  const chain = audit.status();
  const checks: Check[] = [
    { check: 'node', state: major(process.versions.node) >= 24 ? 'ok' : 'critical', params: { version: process.versions.node } },
    {
      check: 'sqlite',
      state: 'ok',
      params: { version: sqliteVersion(workspace.db), synchronous: String(workspace.db.pragma('synchronous', { simple: true })) },
    },
    ...libraries.failures.map(({ library, reason }): Check => ({ check: 'library', state: 'critical', params: { library, reason } })),
    { check: 'disk', state: spaceState(disk.freeBytes), params: { freeBytes: disk.freeBytes, totalBytes: disk.totalBytes } },
    { check: 'fsync', state: fsyncMs > 50 ? 'watch' : 'ok', params: { medianMs: fsyncMs } },
    {
      check: 'memory',
      state: os.totalmem() < 4 * gigabyte ? 'watch' : 'ok',
      params: { totalBytes: os.totalmem(), freeBytes: os.freemem() },
    },
    { check: 'port', state: port === 'foreign' ? 'critical' : 'ok', params: { port: settings.get().servePort, state: port } },
    { check: 'lock', state: 'ok', params: { pid: workspace.lock.holder.pid, since: workspace.lock.holder.since } },
    {
      check: 'audit',
      state: chain.ok === false ? 'critical' : 'ok',
      params: { entries: chain.entries, verifiedAt: chain.verifiedAt ?? 0 },
    },
    ...libraries.providers
      .filter(({ name }) => name === 'cpu')
      .map(({ usable, note }): Check => ({ check: 'inference', state: usable ? 'ok' : 'critical', params: { note } })),
  ];
  return {
    checks,
    libraries: { node: process.versions.node, sqlite: sqliteVersion(workspace.db), ...libraries.libraries },
    providers: libraries.providers,
    cpu: { model: cores[0]?.model ?? 'unknown', cores: cores.length },
    processes: processes.map(({ pid, role, rssBytes, since }) => ({ pid, role, rssBytes, sinceMs: Math.max(0, Date.now() - since) })),
  };
}

type Libraries = Omit<LibraryVersions, 'providers'> & { providers: Report['providers'] };

/** Loads the native libraries and runs a tiny model on each provider, each in a child of its own: some of them abort their process. */
async function probeLibraries(startWorker: StartWorker): Promise<Libraries> {
  const ask = async <R>(op: string, params: unknown): Promise<R> => {
    const worker = startWorker('libraryProbe', { onLine: () => {} }); // drivers talk; what matters comes back as an error
    try {
      return await worker.request<R>(op, params, { timeoutMs: probeTimeoutMs });
    } finally {
      worker.kill();
    }
  };
  try {
    const found = await ask<LibraryVersions>('libraries', {});
    const providers: Report['providers'] = [];
    // One after another: two runtimes that start at once on two cores measure each other.
    for (const name of found.providers) {
      providers.push(
        await ask<{ tookMs: number }>('provider', { provider: name }).then(
          ({ tookMs }) => ({ name, usable: true, note: `${tookMs.toFixed(0)} ms` }),
          (error: unknown) => ({ name, usable: false, note: reasonOf(error) }),
        ),
      );
    }
    return { ...found, providers };
  } catch (error) {
    return { libraries: {}, providers: [], failures: [{ library: 'libraryProbe', reason: reasonOf(error) }] };
  }
}

/** The last sentence of what a driver says; before it stand source positions. */
function reasonOf(error: unknown): string {
  const text = isModelkeepError(error) ? String(error.params.detail ?? error.message) : String(error);
  const line = text.trim().split('\n').at(-1)!;
  return (line.length > 120 ? line.split('. ').at(-1)! : line).slice(-200);
}

type PortState = 'free' | 'ours' | 'foreign' | 'chosenBySystem';

/** Whether the serving port can be, or is, used by us. */
async function portState(port: number, processes: readonly { pid: number }[]): Promise<PortState> {
  if (port === 0) return 'chosenBySystem';
  const sockets = await socketsOf(processes.map(({ pid }) => pid));
  if (sockets?.some(({ listening, local }) => listening && local.endsWith(`:${port}`))) return 'ours';
  return new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve('foreign'))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve('free')));
  });
}

function spaceState(freeBytes: number): Check['state'] {
  return freeBytes < gigabyte / 4 ? 'critical' : freeBytes < 2 * gigabyte ? 'watch' : 'ok';
}

function major(version: string): number {
  return Number.parseInt(version, 10);
}
