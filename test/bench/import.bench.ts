// 1 GB of CSV to a stored, profiled dataset version, against the `duckdb` command doing COPY + SUMMARIZE.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { preparePython } from '../fixtures/python.ts';
import { median, type Benchmark, type BenchResult } from './benchmark.ts';
import { makeImportCsv } from './makeImportCsv.ts';

/** The command line program, of the same release as the library in our worker. */
const peerPackage = 'duckdb-cli==1.5.6';
const runs = 5;
const memoryLimitMb = 2048;

interface Measured {
  seconds: number;
  peakMb: number;
  /** Of the process and all its descendants; unlike the wall time it hardly feels what else the machine does. */
  cpuSeconds: number;
}

export const benchmark: Benchmark = {
  name: 'import',
  about: '1 GB CSV (5 M × 20) to Parquet + profile, ratio vs the duckdb command doing COPY + SUMMARIZE; peak memory of all our processes',
  run,
};

async function run(): Promise<BenchResult> {
  const { file, rows, sizeBytes } = await makeImportCsv();
  const duckdb = join(dirname(await preparePython([peerPackage])), 'duckdb');
  const { stdout: version } = await promisify(execFile)(duckdb, ['--version']);
  await importOnce(file); // both sides read the file from the page cache
  const ours: Measured[] = [];
  const peer: Measured[] = [];
  for (let at = 0; at < runs; at++) {
    peer.push(await peerOnce(duckdb, file));
    ours.push(await importOnce(file));
  }
  const [oursCpu, peerCpu] = [ours, peer].map((list) => median(list.map(({ cpuSeconds }) => cpuSeconds))) as [number, number];
  const [oursSeconds, peerSeconds] = [ours, peer].map((list) => median(list.map(({ seconds }) => seconds))) as [number, number];
  const peakMb = Math.max(...ours.map(({ peakMb: mb }) => mb));
  return {
    name: 'import',
    ours: round(oursSeconds),
    peer: round(peerSeconds),
    unit: 's',
    ratio: peerSeconds / oursSeconds,
    higherIsBetter: false,
    peerVersion: `duckdb command ${version.trim()}, ${availableParallelism()} threads`,
    machine: cpus()[0]?.model ?? '',
    runs,
    notes:
      `${rows} rows, ${sizeBytes} bytes. Ours: from the start of the job to the committed version with process start, detection, checks of every value, ` +
      `hash, fsync and profile (histograms, quantiles, frequent values, text lengths); peak ${Math.round(peakMb)} MB of ${memoryLimitMb} MB over all our processes. ` +
      `Peer: COPY to Parquet and SUMMARIZE of it in one process, no fsync, peak ${Math.round(Math.max(...peer.map(({ peakMb: mb }) => mb)))} MB.`,
    extra: {
      peakMemoryMb: Math.round(peakMb),
      memoryLimitMb,
      oursCpuSeconds: round(oursCpu),
      peerCpuSeconds: round(peerCpu),
      cpuRatio: round(peerCpu / oursCpu),
      loadAverage: round(loadavg()[0]!),
      oursSeconds: ours.map(({ seconds }) => round(seconds)).join(' '),
      peerSeconds: peer.map(({ seconds }) => round(seconds)).join(' '),
    },
  };
}

/** The job alone is timed: the workspace is open, as it is for a person. */
async function importOnce(file: string): Promise<Measured> {
  let printed = '';
  const measured = await watched((setPid) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'importOnce.ts'), file, String(memoryLimitMb)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    setPid(child.pid!);
    child.stdout.on('data', (piece: Buffer) => (printed += piece.toString()));
    return ended(child, 'the import');
  });
  return { ...measured, seconds: Number(printed) };
}

async function peerOnce(duckdb: string, file: string): Promise<Measured> {
  const folder = await mkdtemp(join(dirname(file), 'peer-'));
  try {
    const script = join(folder, 'peer.sql');
    const target = join(folder, 'peer.parquet');
    await writeFile(script, `COPY (FROM '${file}') TO '${target}' (FORMAT parquet);\nSUMMARIZE FROM '${target}';\n`);
    return await watched((setPid) => {
      const child = spawn(duckdb, ['-json', '-f', script], { stdio: ['ignore', 'ignore', 'inherit'] });
      setPid(child.pid!);
      return ended(child, 'duckdb');
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function ended(child: ChildProcess, name: string): Promise<void> {
  const code = await new Promise<number | null>((resolve, reject) => void child.on('exit', resolve).on('error', reject));
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
}

/** Wall time, CPU time and the largest sum of resident memory over the process and its descendants, looked at 20 times a second. */
async function watched(work: (setPid: (pid: number) => void) => Promise<void>): Promise<Measured> {
  let root: number | null = null;
  let peakMb = 0;
  const ticks = new Map<number, number>();
  const timer = setInterval(() => {
    if (root === null) return;
    void processTree(root).then((found) => {
      peakMb = Math.max(
        peakMb,
        found.reduce((sum, { residentMb }) => sum + residentMb, 0),
      );
      for (const entry of found) ticks.set(entry.pid, Math.max(ticks.get(entry.pid) ?? 0, entry.ticks));
    });
  }, 50);
  const started = performance.now();
  try {
    await work((pid) => (root = pid));
    const seconds = (performance.now() - started) / 1000;
    return { seconds, peakMb, cpuSeconds: [...ticks.values()].reduce((sum, value) => sum + value, 0) / ticksPerSecond };
  } finally {
    clearInterval(timer);
  }
}

/** Of Linux on every architecture that we run on (USER_HZ). */
const ticksPerSecond = 100;

interface ProcessFigures {
  pid: number;
  residentMb: number;
  ticks: number;
}

/** proc(5): fields 4 (parent), 14 and 15 (user and system time), 24 (resident pages of 4 KiB). */
async function processTree(root: number): Promise<ProcessFigures[]> {
  const parents = new Map<number, number>();
  const figures: ProcessFigures[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'latin1').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 22) continue;
    parents.set(Number(entry), Number(fields[1]));
    figures.push({ pid: Number(entry), ticks: Number(fields[11]) + Number(fields[12]), residentMb: (Number(fields[21]) * 4) / 1024 });
  }
  return figures.filter(({ pid }) => {
    let at: number | undefined = pid;
    while (at !== undefined && at !== root) at = parents.get(at);
    return at === root;
  });
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
