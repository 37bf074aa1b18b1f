import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileTraining, initialWeights, probeBlockedChannels, Trainer } from '../../src-main/compiler/index.ts';
import { onnxRuntime } from '../../src-main/compiler/tests/runtimes.ts';
import { prepareOpacus } from '../peers/opacus.ts';
import { median, type Benchmark } from './benchmark.ts';
import { convolutionalCase, perceptronCase } from './training/cases.ts';
import type { TrainingCase } from './training/compareTraining.ts';

interface StepTime {
  readonly ms: number;
  readonly cpuMs: number;
}

interface Contender {
  readonly name: string;
  run(steps: number): Promise<StepTime>;
  stop(): unknown;
}

const [clipNorm, noiseMultiplier] = [1, 1];
const ways = ['opacus', 'ghost', 'vmap'] as const;
const [warmUps, turns] = [2, 7];

export const benchmark: Benchmark = {
  name: 'train-private',
  about: 'a step of DP-SGD (perceptron 784-256-128-10 and a convolutional network, batch 128) against Opacus and torch.func.vmap',
  async run() {
    const extra: Record<string, number | string> = {};
    const figures: { ours: number; peer: number }[] = [];
    let version = '';
    for (const each of [perceptronCase(128), convolutionalCase()]) {
      const { times, versions } = await compare(each);
      const medians = new Map([...times].map(([name, values]) => [name, median(values.map(({ ms }) => ms))]));
      const ours = medians.get('ours')!;
      for (const [name, values] of times) {
        extra[`${each.name}: ${name}`] = `${short(medians.get(name)!)} ms, processor ${short(median(values.map(({ cpuMs }) => cpuMs)))} ms`;
        if (name !== 'ours') extra[`${each.name}: ratio to ${name}`] = short(medians.get(name)! / ours);
      }
      for (const [name, what] of Object.entries(versions)) extra[`${each.name}: ${name} is`] = what;
      figures.push({ ours, peer: Math.min(...[...medians].filter(([name]) => name !== 'ours').map(([, ms]) => ms)) });
      version = versions['opacus'] ?? '';
    }
    const [first] = figures;
    return {
      name: 'train-private',
      ours: short(first!.ours),
      peer: short(first!.peer),
      unit: 'ms/step',
      ratio: short(first!.peer / first!.ours),
      higherIsBetter: false,
      peerVersion: version,
      machine: `${cpus()[0]?.model ?? ''}, ${cpus().length} cores`,
      runs: turns,
      notes: `Perceptron, Adam, one thread, against the fastest of the three; the convolutional network: ours ${short(figures[1]!.ours)}, fastest peer ${short(figures[1]!.peer)}, ratio ${short(figures[1]!.peer / figures[1]!.ours)}. Clipping and noise included, as are shuffling and gathering rows.`,
      extra,
    };
  },
};

/** Everyone in turn: what else the machine does falls on all. */
async function compare(each: TrainingCase): Promise<{ times: Map<string, StepTime[]>; versions: Record<string, string> }> {
  const versions: Record<string, string> = {};
  const contenders = [await startOurs(each, versions)];
  for (const way of ways) {
    const started = await startPeer(each, way);
    if ('unavailable' in started) versions[way] = `not available: ${started.unavailable}`;
    else {
      versions[way] = started.version;
      contenders.push(started);
    }
  }
  const times = new Map(contenders.map(({ name }) => [name, [] as StepTime[]]));
  for (let turn = 0; turn < warmUps + turns; turn++)
    for (const { name, run } of contenders) {
      const time = await run(each.stepsPerTurn);
      if (turn >= warmUps) times.get(name)!.push(time);
      await sleep(20);
    }
  for (const { stop } of contenders) await stop();
  return { times, versions };
}

async function startOurs({ ours, batch }: TrainingCase, versions: Record<string, string>): Promise<Contender> {
  const { network, loss, data } = ours();
  const compiled = compileTraining({
    ...network,
    forward: network.graph,
    loss,
    optimizer: { kind: 'adam' },
    batchSize: batch,
    target: { provider: 'cpu', channelBlock: await probeBlockedChannels(onnxRuntime), threads: 1 },
    privacy: { clipNorm, noiseMultiplier },
  });
  versions['ours'] = `row gradients of ${compiled.rowGradients!.rowsTogether} rows together`;
  const trainer = await Trainer.create({
    runtime: onnxRuntime,
    compiled,
    data,
    weights: initialWeights(network.parameterShapes, 1, network.schemes),
    learningRate: 1e-3,
    seed: 1,
    nowMs: () => performance.now(),
  });
  return {
    name: 'ours',
    async run(steps) {
      const [before, used] = [performance.now(), process.cpuUsage()];
      for (let done = 0; done < steps;) done += (await trainer.runOnce(steps - done)).losses.length;
      const { user, system } = process.cpuUsage(used);
      return { ms: (performance.now() - before) / steps, cpuMs: (user + system) / 1000 / steps };
    },
    stop: () => trainer.release(),
  };
}

async function startPeer(
  { torch, batch, rows }: TrainingCase,
  way: (typeof ways)[number],
): Promise<(Contender & { version: string }) | { unavailable: string }> {
  const { python, pythonPath } = await prepareOpacus();
  const env = { ...process.env, PYTHONPATH: pythonPath, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', OPENBLAS_CORETYPE: undefined };
  const child = spawn(python, [join(import.meta.dirname, 'trainPrivatePeer.py')], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2000)));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<unknown> => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error(`The PyTorch process ended. ${errors}`);
    return JSON.parse(value) as unknown;
  };
  const started = (await ask(JSON.stringify({ model: torch.model, options: torch.options ?? {}, batch, rows, threads: 1, way }))) as
    { version: string } | { unavailable: string };
  if ('unavailable' in started) return started;
  return {
    name: way,
    version: started.version,
    run: async (steps) => (await ask(String(steps))) as StepTime,
    stop: () => child.stdin.end(),
  };
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}
