import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compileTraining, initialWeights, multilayerPerceptron, Trainer } from '../../src-main/compiler/index.ts';
import { onnxRuntime, testRandom } from '../../src-main/compiler/tests/runtimes.ts';
import { preparePython } from '../fixtures/python.ts';
import { pytorchRequirements } from '../peers/pytorch.ts';
import { median, type Benchmark, type BenchResult } from './benchmark.ts';

const batch = 128;
const rows = 12_800;
const rounds = 15;
/** The first epochs of each are slow: memory, caches, run length. */
const warmUps = 3;

export const benchmark: Benchmark = {
  name: 'train-mlp',
  about: 'one training step of a perceptron 784-256-128-10, batch 128, one core, against PyTorch',
  async run() {
    const large = await compare([784, 256, 128, 10]);
    const small = await compare([30, 64, 2]);
    return {
      name: 'train-mlp',
      ours: round(large.ours),
      peer: round(large.peer),
      unit: 'ms/step',
      ratio: large.peer / large.ours,
      higherIsBetter: false,
      peerVersion: large.version,
      machine: cpus()[0]?.model ?? '',
      runs: rounds,
      notes: `Adam, softmax cross entropy, one thread each, ${rows} rows in JavaScript or torch memory, an epoch of ours and one of the peer in turn; includes shuffling and gathering rows.`,
      extra: {
        tabularOursMsPerStep: round(small.ours),
        tabularPeerMsPerStep: round(small.peer),
        tabularRatio: round(small.peer / small.ours),
        tabularShape: '30-64-2',
      },
    } satisfies BenchResult;
  },
};

async function compare(sizes: readonly number[]): Promise<{ ours: number; peer: number; version: string }> {
  const peer = await startPeer(sizes);
  const trainer = await startOurs(sizes);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < warmUps + rounds; turn++) {
    const oursMs = await ourEpoch(trainer);
    const peerMs = await peer.epoch();
    if (turn < warmUps) continue;
    ours.push(oursMs);
    theirs.push(peerMs);
  }
  await trainer.release();
  peer.stop();
  return { ours: median(ours), peer: median(theirs), version: peer.version };
}

async function startOurs(sizes: readonly number[]): Promise<Trainer> {
  const [featureCount, outputCount] = [sizes[0]!, sizes.at(-1)!];
  const network = multilayerPerceptron({ featureCount, hiddenSizes: sizes.slice(1, -1), outputCount });
  const random = testRandom(1);
  return Trainer.create({
    runtime: onnxRuntime,
    compiled: compileTraining({
      forward: network.graph,
      parameters: network.parameters,
      loss: { kind: 'softmaxCrossEntropy' },
      optimizer: { kind: 'adam' },
      batchSize: batch,
    }),
    data: {
      rowCount: rows,
      inputs: { features: Float32Array.from({ length: rows * featureCount }, random) },
      targets: Int32Array.from({ length: rows }, () => Math.floor(random() * outputCount)),
    },
    weights: initialWeights(network.parameterShapes, 1, network.schemes),
    learningRate: 1e-3,
    seed: 1,
    nowMs: () => performance.now(),
  });
}

async function ourEpoch(trainer: Trainer): Promise<number> {
  const started = performance.now();
  const epoch = trainer.epoch;
  while (trainer.epoch === epoch) await trainer.runOnce();
  return (performance.now() - started) / trainer.batchesPerEpoch;
}

async function startPeer(sizes: readonly number[]): Promise<{ version: string; epoch(): Promise<number>; stop(): void }> {
  const python = await preparePython(pytorchRequirements);
  // OPENBLAS_* may be set on a machine for older builds and slow a current one; PyTorch has MKL, but numpy comes along.
  const env = { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined };
  const child = spawn(python, [join(import.meta.dirname, 'trainMlpPeer.py')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<unknown> => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error('The PyTorch process ended.');
    return JSON.parse(value) as unknown;
  };
  const { version, kernel } = (await ask(JSON.stringify({ sizes, rows, batch }))) as { version: string; kernel: string };
  return {
    version: `PyTorch ${version}, ${kernel}, fused Adam`,
    epoch: async () => (await ask('epoch')) as number,
    stop: () => child.stdin.end(),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
