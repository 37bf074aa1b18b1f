// 1 GB of CSV to a stored, profiled dataset version, against the `duckdb` command doing COPY + SUMMARIZE.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DataService } from '../../src-main/stages/1-data/api.ts';
import { openTestBench } from '../../src-main/testing/testBench.ts';
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
      oursSeconds: ours.map(({ seconds }) => round(seconds)).join(' '),
      peerSeconds: peer.map(({ seconds }) => round(seconds)).join(' '),
    },
  };
}

async function importOnce(file: string): Promise<Measured> {
  const bench = await openTestBench();
  try {
    const { db, blobs, jobs, audit, clock, emit, startWorker, workspace } = bench;
    const data = new DataService({
      db,
      blobs,
      jobs,
      audit,
      clock,
      emit,
      startWorker,
      scratch: workspace.tmp,
      jobMemoryMb: () => memoryLimitMb,
    });
    bench.add(data);
    return await watched(process.pid, async () => {
      const job = await jobs.wait(data.startImport({ files: [file], name: 'bench', options: {} }, bench.caller).jobId);
      if (job.state !== 'done') throw new Error(`the import ${job.state}: ${JSON.stringify(job.error)}`);
    });
  } finally {
    await bench[Symbol.asyncDispose]();
  }
}

async function peerOnce(duckdb: string, file: string): Promise<Measured> {
  const folder = await mkdtemp(join(dirname(file), 'peer-'));
  try {
    const script = join(folder, 'peer.sql');
    const target = join(folder, 'peer.parquet');
    await writeFile(script, `COPY (FROM '${file}') TO '${target}' (FORMAT parquet);\nSUMMARIZE FROM '${target}';\n`);
    return await watched(null, async (setPid) => {
      const child = spawn(duckdb, ['-json', '-f', script], { stdio: ['ignore', 'ignore', 'inherit'] });
      setPid(child.pid!);
      const code = await new Promise<number | null>((resolve, reject) => void child.on('exit', resolve).on('error', reject));
      if (code !== 0) throw new Error(`duckdb ended with ${code}`);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Wall time, and the largest sum of resident memory over the process and its descendants, looked at 20 times a second. */
async function watched(root: number | null, work: (setPid: (pid: number) => void) => Promise<void>): Promise<Measured> {
  let pid = root;
  let peakMb = 0;
  const timer = setInterval(() => {
    if (pid !== null) void treeMb(pid).then((mb) => (peakMb = Math.max(peakMb, mb)));
  }, 50);
  const started = performance.now();
  try {
    await work((child) => (pid = child));
    return { seconds: (performance.now() - started) / 1000, peakMb };
  } finally {
    clearInterval(timer);
  }
}

async function treeMb(root: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'latin1').catch(() => '');
    const parent = /\) \S (\d+)/.exec(stat)?.[1];
    if (parent) parents.set(Number(entry), Number(parent));
  }
  let total = 0;
  for (const pid of parents.keys()) {
    let at: number | undefined = pid;
    while (at !== undefined && at !== root) at = parents.get(at);
    if (at !== root) continue;
    const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
    total += Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  }
  return total;
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
