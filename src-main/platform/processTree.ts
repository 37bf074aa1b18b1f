// Our own processes: shell, core, workers and what those started.
import { readdir, readFile } from 'node:fs/promises';
import { liveWorkers } from './processHost.ts';
import { residentBytes } from './processMemory.ts';
import { roleFlag } from './workerMessages.ts';

export interface ProcessInfo {
  pid: number;
  /** `shell`, `core`, `dataWorker` …; `window` for the helpers of Electron. */
  role: string;
  rssBytes: number;
  /** Milliseconds since 1970-01-01 UTC. */
  since: number;
}

/** The process `root` and all below it. Where /proc does not exist: this process and its own children, as far as they told their memory. */
export async function processTree(root: number): Promise<ProcessInfo[]> {
  const table = await readTable();
  if (!table) return ownChildren();
  const wanted = new Set([root]);
  // Parents may have larger numbers than their children once numbers wrap around: repeat until nothing is added.
  for (let before = 0; before < wanted.size;) {
    before = wanted.size;
    for (const { pid, parent } of table) if (wanted.has(parent)) wanted.add(pid);
  }
  const boot = await bootTime();
  return Promise.all(
    table
      .filter(({ pid }) => wanted.has(pid))
      .map(async ({ pid, startTicks }) => ({
        pid,
        role: await roleOf(pid, root),
        rssBytes: residentBytes(pid) ?? 0,
        since: boot + (startTicks / ticksPerSecond) * 1000,
      })),
  );
}

/** USER_HZ, which Linux fixes at 100 for what it shows to programs. */
const ticksPerSecond = 100;

interface Entry {
  pid: number;
  parent: number;
  startTicks: number;
}

async function readTable(): Promise<Entry[] | null> {
  if (process.platform !== 'linux') return null;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const entries = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
      // The name in parentheses may hold anything; what follows the last one is separated by spaces.
      const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
      return fields ? { pid, parent: Number(fields[1]), startTicks: Number(fields[19]) } : null;
    }),
  );
  return entries.filter((entry) => entry !== null);
}

async function bootTime(): Promise<number> {
  return Number(/^btime (\d+)$/m.exec(await readFile('/proc/stat', 'latin1'))?.[1] ?? 0) * 1000;
}

async function roleOf(pid: number, root: number): Promise<string> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  const flag = words.find((word) => word.startsWith(roleFlag));
  if (flag) return flag.slice(roleFlag.length);
  if (pid === root) return 'shell';
  return words.some((word) => word.startsWith('--type=')) ? 'window' : (words[0]?.split('/').at(-1) ?? 'unknown');
}

function ownChildren(): ProcessInfo[] {
  const self = { pid: process.pid, role: 'core', rssBytes: process.memoryUsage.rss(), since: Date.now() - process.uptime() * 1000 };
  return [self, ...liveWorkers().map(({ pid, role, rssBytes, since }) => ({ pid, role, rssBytes, since }))];
}
