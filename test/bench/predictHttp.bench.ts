// One row over HTTP: Modelkeep (gateway, inference host, journal) against MLServer and against a bare session.run in one process.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InferenceSession, Tensor } from '../../src-main/platform/onnxRuntime.ts';
import { benchModel, benchRow } from '../../src-main/testing/benchModel.ts';
import { http, openTestServe } from '../../src-main/testing/serveBench.ts';
import { preparePython } from '../fixtures/python.ts';
import { median, type Benchmark, type BenchResult } from './benchmark.ts';

const rounds = 5;
const secondsPerLoad = 4;
const connections = 50;
const sequential = 2000;

export const benchmark: Benchmark = {
  name: 'predict-http',
  about: 'requests of one row (28 columns) with 50 connections against MLServer; latency over a bare session.run',
  run: measure,
};

async function measure(): Promise<BenchResult> {
  const { bytes, signature } = benchModel();
  const row = benchRow();
  const tensors = signature.inputs.map(({ name, onnxType }) =>
    onnxType === 'string'
      ? { name, shape: [1, 1], datatype: 'BYTES', data: [row[name]] }
      : { name, shape: [1, 1], datatype: 'FP32', data: [row[name]] },
  );
  const named = JSON.stringify({ rows: [row] });
  const v2 = JSON.stringify({ inputs: tensors });

  await using ours = await openTestServe();
  await ours.registry.add('bench', 1, { bytes, signature });
  ours.registry.aliases.set('bench@champion', 1);
  const endpoint = await ours.serve.deploy(
    { endpoint: 'bench', model: 'bench', alias: 'champion', storeInputs: true, reason: '' },
    ours.bench.caller,
  );
  const oursV2 = `${endpoint.v2Url!}/infer`;
  const peer = await startPeer(bytes);
  const bare = await bareRun(bytes, signature.inputs, row);

  const figures = { oursV2: [] as number[], oursNamed: [] as number[], peer: [] as number[] };
  const latency = {
    bare50: [] as number[],
    bare99: [] as number[],
    ours50: [] as number[],
    ours99: [] as number[],
    v250: [] as number[],
    peer50: [] as number[],
    peer99: [] as number[],
  };
  try {
    await expectEqualAnswers(oursV2, peer.url, v2);
    for (let turn = 0; turn < rounds + 1; turn++) {
      const warmsUp = turn === 0;
      const load = [
        await requestsPerSecond(oursV2, v2),
        await requestsPerSecond(peer.url, v2),
        await requestsPerSecond(endpoint.predictUrl!, named),
      ] as const;
      const [bareMs, oursMs, v2Ms, peerMs] = [
        await bare(),
        await oneByOne(endpoint.predictUrl!, named),
        await oneByOne(oursV2, v2),
        await oneByOne(peer.url, v2),
      ];
      if (warmsUp) continue;
      figures.oursV2.push(load[0]);
      figures.peer.push(load[1]);
      figures.oursNamed.push(load[2]);
      latency.bare50.push(percentile(bareMs, 0.5));
      latency.bare99.push(percentile(bareMs, 0.99));
      latency.ours50.push(percentile(oursMs, 0.5));
      latency.ours99.push(percentile(oursMs, 0.99));
      latency.v250.push(percentile(v2Ms, 0.5));
      latency.peer50.push(percentile(peerMs, 0.5));
      latency.peer99.push(percentile(peerMs, 0.99));
    }
  } finally {
    peer.stop();
  }
  const of = Object.fromEntries(Object.entries(latency).map(([name, values]) => [name, median(values)])) as Record<
    keyof typeof latency,
    number
  >;
  return {
    name: 'predict-http',
    ours: Math.round(median(figures.oursV2)),
    peer: Math.round(median(figures.peer)),
    unit: 'requests/s',
    ratio: median(figures.oursV2) / median(figures.peer),
    higherIsBetter: true,
    peerVersion: peer.version,
    machine: cpus()[0]?.model ?? '',
    runs: rounds,
    notes:
      `One row of 28 columns, V2 JSON, ${connections} keep-alive connections (autocannon, on the same ${cpus().length} cores), ` +
      'the same ONNX model, one intra-op thread. Ours validates every value and writes each request to the journal before it answers; MLServer does neither.',
    extra: {
      oursNamedRequestsPerSecond: Math.round(median(figures.oursNamed)),
      bareP50Ms: round(of.bare50),
      bareP99Ms: round(of.bare99),
      oursNamedP50Ms: round(of.ours50),
      oursNamedP99Ms: round(of.ours99),
      oursV2P50Ms: round(of.v250),
      peerP50Ms: round(of.peer50),
      peerP99Ms: round(of.peer99),
      overBareP50Ms: round(of.ours50 - of.bare50),
      overBareP99Ms: round(of.ours99 - of.bare99),
    },
  };
}

/** One request after the other on one connection, ms each; the client's own time is in it. */
async function oneByOne(url: string, body: string): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let request = 0; request < sequential; request++) {
    const start = performance.now();
    const { status } = await http(url, body, { agent });
    if (status !== 200) throw new Error(`${url} answered ${status}`);
    times.push(performance.now() - start);
  }
  agent.destroy();
  return times;
}

async function bareRun(
  bytes: Uint8Array,
  inputs: ReturnType<typeof benchModel>['signature']['inputs'],
  row: Record<string, number | string>,
): Promise<() => Promise<number[]>> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 });
  return async () => {
    const times: number[] = [];
    for (let turn = 0; turn < sequential; turn++) {
      const start = performance.now();
      const feeds = Object.fromEntries(
        inputs.map(({ name, onnxType }) => [
          name,
          onnxType === 'string' ? new Tensor('string', [String(row[name])], [1, 1]) : new Tensor('float32', [Number(row[name])], [1, 1]),
        ]),
      );
      await session.run(feeds);
      times.push(performance.now() - start);
    }
    return times;
  };
}

/** In a process of its own: the generator must not share a loop of events with what it measures. */
async function requestsPerSecond(url: string, body: string): Promise<number> {
  const program = join(import.meta.dirname, '../../node_modules/autocannon/autocannon.js');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      program,
      '-j',
      '-c',
      String(connections),
      '-d',
      String(secondsPerLoad),
      '-m',
      'POST',
      '-H',
      'content-type=application/json',
      '-b',
      body,
      url,
    ],
    { maxBuffer: 1 << 26 },
  );
  const result = JSON.parse(stdout) as { non2xx: number; errors: number; duration: number; requests: { total: number } };
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} broken`);
  return result.requests.total / result.duration;
}

async function expectEqualAnswers(ours: string, peer: string, body: string): Promise<void> {
  const [a, b] = await Promise.all([ours, peer].map(async (url) => (await http(url, body)).body.outputs[1].data as number[]));
  if (a!.some((value, at) => Math.abs(value - b!.flat()[at]!) > 1e-6)) throw new Error(`The answers differ: ${a!.join()} and ${b!.join()}`);
}

/** MLServer at its best for a model this small: the model in the process of the server, metrics and access log off. */
async function startPeer(bytes: Uint8Array): Promise<{ url: string; version: string; stop(): void }> {
  const python = await preparePython(['mlserver==1.7.1', 'onnxruntime==1.30.0', 'numpy==2.4.6']);
  const folder = join(tmpdir(), `modelkeep-mlserver-${process.pid}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.onnx'), bytes);
  const [port, grpcPort] = [await freePort(), await freePort()];
  await writeFile(
    join(folder, 'settings.json'),
    JSON.stringify({
      host: '127.0.0.1',
      http_port: port,
      grpc_port: grpcPort,
      parallel_workers: 0,
      debug: false,
      metrics_endpoint: null,
      load_models_at_startup: true,
    }),
  );
  await writeFile(
    join(folder, 'model-settings.json'),
    JSON.stringify({ name: 'bench', implementation: 'predictHttpPeer.OnnxModel', parameters: { uri: join(folder, 'model.onnx') } }),
  );
  // Variables of the machine that slow down a current OpenBLAS are taken away.
  const env = {
    ...process.env,
    PYTHONPATH: import.meta.dirname,
    OMP_NUM_THREADS: '1',
    OPENBLAS_CORETYPE: undefined,
    OPENBLAS_L2_SIZE: undefined,
  };
  const child: ChildProcess = spawn(python, ['-m', 'mlserver.cli.main', 'start', folder], { env, stdio: 'ignore' });
  const stop = (): void => {
    child.kill('SIGKILL');
    void rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}/v2/models/bench/infer`;
  for (let attempt = 0; attempt < 600; attempt++) {
    const ready = await http(`http://127.0.0.1:${port}/v2/health/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (ready) return { url, version: 'MLServer 1.7.1 (uvicorn, uvloop), onnxruntime 1.30.0', stop };
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  stop();
  throw new Error('MLServer did not start.');
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))]!;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
