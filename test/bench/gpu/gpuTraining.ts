// Ours on a device, in a process of its own: a driver may take it along. Settings as one JSON line, then a number of steps a line.
//
// {"case": "cnn", "provider": "cuda", "software": false}
// -> {"form": …, "entries": …, "startMs": …} or {"unavailable": reason}; then {"ms": …, "cpuMs": …}
import { createInterface } from 'node:readline';
import {
  calibrate,
  compileGradients,
  compileTraining,
  GradientTrainer,
  initialWeights,
  Trainer,
  type Candidate,
  type Runtime,
  type SessionSettings,
  type TimedTrainer,
} from '../../../src-main/compiler/index.ts';
import * as ort from '../../../src-main/platform/onnxRuntime.ts';
import { gpuCase, type GpuCaseName } from './gpuCases.ts';

interface Settings {
  readonly case: GpuCaseName;
  readonly provider: 'cuda' | 'webgpu';
  readonly software: boolean;
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (answer: unknown): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
const settings = JSON.parse((await lines.next()).value as string) as Settings;
try {
  const started = performance.now();
  const { best, entries } = await calibrate(candidates(settings), {
    nowMs: () => performance.now(),
    msPerCandidate: settings.software ? 1 : 2000,
  });
  const trainer = await best.create();
  await trainer.runOnce(1);
  say({ form: best.label, entries, startMs: performance.now() - started });
  for await (const line of { [Symbol.asyncIterator]: () => lines }) {
    const steps = Number(line);
    const [before, used] = [performance.now(), process.cpuUsage()];
    for (let done = 0; done < steps;) done += (await trainer.runOnce(steps - done)).losses.length;
    const ms = (performance.now() - before) / steps;
    const { user, system } = process.cpuUsage(used);
    say({ ms, cpuMs: (user + system) / 1000 / steps });
  }
  await trainer.release();
} catch (error) {
  say({ unavailable: (error instanceof Error ? error.message : String(error)).trim().slice(-300) });
}

/** Many steps in one call with weights that stay on the device, or gradients from the device and the optimizer on the processor. */
function candidates({ case: name, provider, software }: Settings): Candidate[] {
  const { model } = gpuCase(name, software);
  const { network, loss, data } = model.ours();
  const { parameterShapes, frozenShapes, stateShapes, schemes } = network;
  const common = {
    data,
    weights: initialWeights({ ...parameterShapes, ...frozenShapes, ...stateShapes }, 1, schemes),
    learningRate: 1e-3,
    seed: 1,
    nowMs: () => performance.now(),
  };
  const target = { provider } as const;
  const optimizations = ['all', 'disabled'] as const;
  const inGraph = optimizations.map((optimization) => ({
    label: `optimizer in the graph, rewriting ${optimization}`,
    create: async (): Promise<TimedTrainer> => {
      const compiled = compileTraining({
        ...network,
        forward: network.graph,
        loss,
        optimizer: { kind: 'adam' },
        batchSize: model.batch,
        target,
      });
      // Weights and moments cross to the device and back once a run: longer runs, still short enough to stop.
      const trainer = await Trainer.create({ ...common, compiled, runMs: 1000, runtime: runtimeOf(provider, { optimization }) });
      return {
        batchRows: model.batch,
        runOnce: (batches) => trainer.runOnce(batches),
        release: () => trainer.release(),
      };
    },
  }));
  const outside = optimizations.map((optimization) => ({
    label: `optimizer on the processor, rewriting ${optimization}`,
    create: (): Promise<TimedTrainer> =>
      GradientTrainer.create({
        ...common,
        compiled: compileGradients({ ...network, forward: network.graph, loss, batchSize: model.batch, target }),
        optimizer: { kind: 'adam' },
        runtime: runtimeOf(provider, { optimization }),
      }),
  }));
  return [...inGraph, ...outside];
}

function runtimeOf(provider: Settings['provider'], { optimization = 'all' }: SessionSettings): Runtime {
  return {
    createSession: async (bytes) =>
      (await ort.InferenceSession.create(bytes, {
        executionProviders: [provider],
        graphOptimizationLevel: optimization,
        logSeverityLevel: 3,
      })) as never,
    tensor: (type, values, dims) => new ort.Tensor(type as 'float32', values as Float32Array, dims),
  };
}
