import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { replay } from '../../2-shapes/replay.ts';
import { TypedOps, type TapeEntry, type TypedValue } from '../../2-shapes/typedOps.ts';
import type { CompiledGradients } from '../../compileGradients.ts';
import { lowerAfter } from '../../5-emit/lowerAfter.ts';
import { encodeModel } from '../../onnx/encode.ts';
import { elementCount, type Graph } from '../../onnx/graph.ts';
import { GraphBuilder } from '../../onnx/graphBuilder.ts';
import type { Runtime, RuntimeTensor } from '../runtime.ts';
import type { RowArray } from '../trainingData.ts';
import { drawnArrays, type Part } from './GradientSession.ts';

/** Bytes of intermediate values that one look asks for. */
const bytesPerLook = 2 ** 28;

export interface WatchSettings extends Part {
  readonly runtime: Runtime;
  readonly compiled: Pick<CompiledGradients, 'stepGraph' | 'batchSize' | 'microBatch' | 'masks' | 'noises'>;
  readonly seed: number;
  /** Number of the batch for what is drawn at random. */
  readonly drawnAt: number;
  /** For the message. */
  readonly step: number;
  /** Parameters, frozen weights and state at that batch. */
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** Data, targets and shares of the part. */
  readonly rows: Readonly<Record<string, RowArray>>;
  /** Which rows of the training data these are. */
  readonly rowNumbers: ArrayLike<number>;
}

/**
 * Runs a batch again, one micro-batch after the other, with every value of the step as an output, and names the first node that
 * gives NaN, ∞ or −∞ although none of its inputs holds the same (attention masks hold −∞ on purpose). Undefined where there is
 * none: then only a sum over micro-batches or parts left the range.
 */
export async function findNotFinite(settings: WatchSettings): Promise<ModelkeepError | undefined> {
  const { compiled, rows, weights, step } = settings;
  const count = compiled.batchSize / compiled.microBatch;
  const worst = (data: RowArray): number => (data instanceof Float32Array ? data.findIndex((each) => !Number.isFinite(each)) : -1);
  for (const [name, data] of Object.entries(rows)) {
    const at = worst(data);
    if (at < 0) continue;
    const row = settings.rowNumbers[Math.floor((at * compiled.batchSize) / data.length)]!;
    return new ModelkeepError('MK_COMPILER_DATA_NOT_FINITE', { step, tensor: name, value: String(data[at]), row });
  }
  for (const [name, data] of Object.entries(weights)) {
    const at = worst(data);
    if (at >= 0) return new ModelkeepError('MK_COMPILER_WEIGHT_NOT_FINITE', { step, tensor: name, value: String(data[at]) });
  }
  const drawn = drawnArrays(compiled, settings.seed, settings.drawnAt, settings);
  for (let micro = 0; micro < count; micro++) {
    const found = await lookThrough(settings, feedsOf(settings, drawn, micro, count));
    if (found) return found;
  }
  return undefined;
}

async function lookThrough(
  { runtime, compiled, step }: WatchSettings,
  feeds: Readonly<Record<string, RuntimeTensor>>,
): Promise<ModelkeepError | undefined> {
  const { tape, graph } = typedGraph(compiled.stepGraph);
  /** What each value holds beside finite numbers. Constants may hold infinities on purpose (attention masks). */
  const known = new Map([...graph.initializers].map(([name, { data }]) => [name, data instanceof Float32Array ? faultsOf(data) : []]));
  for (const watched of looks(tape)) {
    const outputs = watched.flatMap((entry) => entry.outputs.filter(isFloat));
    const session = await runtime.createSession(encodeModel(lowerAfter({ ...graph, outputs }), { producer: 'modelkeep' }), {
      optimization: 'disabled',
    });
    try {
      const results = await session.run(feeds, Object.fromEntries(outputs.map(({ name }) => [name, null])));
      for (const { operator, inputs, outputs: made, node } of watched) {
        const entered = new Set(inputs.flatMap((each) => (each ? (known.get(each.name) ?? []) : [])));
        for (const output of made.filter(isFloat)) {
          const faults = faultsOf(results[output.name]!.data as Float32Array);
          known.set(output.name, faults);
          const fault = faults.find((each) => !entered.has(each));
          if (!fault) continue;
          return new ModelkeepError('MK_COMPILER_VALUE_NOT_FINITE', {
            step,
            operator,
            node,
            tensor: output.name,
            shape: output.shape.join(', '),
            value: fault,
            inputs: inputs.flatMap((each) => (each ? [`"${each.name}"`] : [])).join(', '),
          });
        }
      }
    } finally {
      await session.release();
    }
  }
  return undefined;
}

type Fault = 'NaN' | 'Infinity' | '-Infinity';

function faultsOf(data: Float32Array): Fault[] {
  const found = new Set<Fault>();
  for (const each of data) if (!Number.isFinite(each)) found.add(String(each) as Fault);
  return [...found];
}

type Watched = TapeEntry & { readonly node: string };

/** The step graph with the type of every value. Nodes keep their order and names of values. */
function typedGraph(stepGraph: Graph): { tape: Watched[]; graph: Graph } {
  const builder = new GraphBuilder('watch');
  const g = new TypedOps(builder);
  replay(g, stepGraph, new Map(stepGraph.inputs.map((each) => [each.name, builder.input(each.name, each.dtype, each.shape)])));
  const graph = builder.build();
  const nodeOf = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node.name] as const)));
  return { tape: g.tape.map((entry) => ({ ...entry, node: nodeOf.get(entry.outputs[0]!.name) ?? '' })), graph };
}

/** The nodes in order, as many at a time as fit the memory. */
function looks(tape: readonly Watched[]): Watched[][] {
  const groups: Watched[][] = [];
  let room = 0;
  for (const entry of tape.filter((each) => each.outputs.some(isFloat))) {
    const bytes = entry.outputs.filter(isFloat).reduce((sum, { shape }) => sum + elementCount(shape) * 4, 0);
    if (room < bytes) {
      groups.push([]);
      room = Math.max(bytes, bytesPerLook);
    }
    groups.at(-1)!.push(entry);
    room -= bytes;
  }
  return groups;
}

/** Inputs of the step graph for one micro-batch; masks are scaled here, as the emitted graph does. */
function feedsOf(
  { runtime, compiled, weights, rows }: WatchSettings,
  drawn: ReturnType<typeof drawnArrays>,
  micro: number,
  count: number,
): Record<string, RuntimeTensor> {
  const slice = <Numbers extends RowArray>(data: Numbers): Numbers => {
    const length = data.length / count;
    return data.slice(micro * length, (micro + 1) * length) as Numbers;
  };
  const dtypes = new Map(compiled.stepGraph.inputs.map((each) => [each.name, each]));
  const given = [...Object.entries(weights), ...Object.entries(rows).map(([name, data]) => [name, slice(data)] as const)];
  const random = drawn.map(({ step, data, rate }) => {
    const own = slice(data);
    return [step, rate === undefined ? own : Float32Array.from(own, (each) => each / (1 - rate))] as const;
  });
  return Object.fromEntries(
    [...given, ...random].flatMap(([name, data]) => {
      const input = dtypes.get(name);
      return input ? [[name, runtime.tensor(input.dtype as 'float32', data as Float32Array, input.shape!.map(Number))]] : [];
    }),
  );
}

function isFloat({ dtype }: TypedValue): boolean {
  return dtype === 'float32';
}
