import { stepNames } from '../../3-differentiate/differentiate.ts';
import type { CompiledGradients } from '../../compileGradients.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { elementCount } from '../../onnx/graph.ts';
import { freeCopies } from '../freeCopies.ts';
import { fillKeepMask, streamKey } from '../counterRandom.ts';
import { fillNoise } from '../noise.ts';
import type { Runtime, RuntimeSession, RuntimeTensor, SessionSettings } from '../runtime.ts';
import type { RowArray } from '../trainingData.ts';
import { partOf } from './rowLoader.ts';
import { rowViews, type RowPart } from './RowTables.ts';

/** As `Trainer` numbers them. */
const dropoutStream = 2;
const noiseStream = 3;

/** A part of every batch, counted from 0. */
export interface Part {
  readonly part: number;
  readonly parts: number;
}

export interface GradientSessionSettings extends Part {
  readonly runtime: Runtime;
  readonly compiled: CompiledGradients;
  readonly session?: SessionSettings | undefined;
  readonly seed: number;
  /** Read in every run, by name. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
  /** Written in every run, by parameter name. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  /** Written in every run: gradients of `compiled.rowTables`. */
  readonly rows: RowPart | undefined;
  readonly frozen: Readonly<Record<string, Float32Array>>;
  /** Batches as they are loaded, whole; a session keeps views of its part, or copies where the runtime refuses memory that threads share. */
  readonly batches: readonly Readonly<Record<string, RowArray>>[];
  /** The runtime takes memory that threads share. Default false. */
  readonly takesShared?: boolean;
}

/** Gradients of one part of each batch by one runtime session, in this thread. */
export class GradientSession {
  /** Running state that the next run reads, and that the last one gave: all tensors one after the other. */
  readonly state: Float32Array<ArrayBuffer>;
  readonly nextState: Float32Array<ArrayBuffer>;
  readonly #settings: GradientSessionSettings;
  readonly #session: RuntimeSession;
  readonly #fixedFeeds: Record<string, RuntimeTensor>;
  readonly #fetches: Record<string, RuntimeTensor>;
  readonly #loss = new Float32Array(1);
  readonly #lossScale = Float32Array.of(1);
  readonly #batches: readonly { from: Record<string, RowArray>; own: Record<string, RowArray>; feeds: Record<string, RuntimeTensor> }[];

  static async create(settings: GradientSessionSettings): Promise<GradientSession> {
    const threads = settings.session?.threads ?? 1;
    if (settings.compiled.oneThread && threads !== 1)
      throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', {
        setting: 'session.threads',
        value: threads,
        expected: '1, as the graph was compiled',
      });
    const session = settings.compiled.oneThread ? { ...settings.session, threads } : settings.session;
    return new GradientSession(settings, await settings.runtime.createSession(settings.compiled.bytes, session));
  }

  private constructor(settings: GradientSessionSettings, session: RuntimeSession) {
    const { runtime, compiled, part, parts } = settings;
    this.#settings = settings;
    this.#session = session;
    const stateLength = compiled.state.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    this.state = new Float32Array(stateLength);
    this.nextState = new Float32Array(stateLength);
    const float = (data: Float32Array, shape: readonly number[]): RuntimeTensor => runtime.tensor('float32', data, shape);
    const stateTensors = (vector: Float32Array, name: (each: string) => string): [string, RuntimeTensor][] => {
      let next = 0;
      return compiled.state.map((each) => {
        const start = next;
        next += elementCount(each.shape);
        return [name(each.name), float(vector.subarray(start, next), each.shape)];
      });
    };
    this.#fixedFeeds = Object.fromEntries([
      ...compiled.parameters.map(({ name, shape }) => [name, float(settings.parameters.get(name)!, shape)] as const),
      ...compiled.frozen.map(({ name, shape }) => [name, float(settings.frozen[name]!, shape)] as const),
      ...stateTensors(this.state, (name) => name),
      ...(compiled.precision === 'mixed' ? [[stepNames.lossScale, float(this.#lossScale, [])] as const] : []),
    ]);
    // A gradient has its parameter's elements, not always its shape.
    const outputShapes = new Map(compiled.graph.outputs.map(({ name, shape }) => [name, (shape ?? []).map(Number)]));
    const rows = settings.rows ? rowViews(compiled.rowTables, settings.rows) : new Map<string, RowPart>();
    const output = (name: string, data: Float32Array | Int32Array): [string, RuntimeTensor] => {
      const type = data instanceof Int32Array ? 'int32' : 'float32';
      return [name, runtime.tensor(type, data, outputShapes.get(name)!)];
    };
    this.#fetches = Object.fromEntries([
      [stepNames.loss, float(this.#loss, [])],
      ...compiled.parameters.flatMap(({ name }) => {
        const asRows = rows.get(name);
        return asRows
          ? [output(stepNames.gradientRows(name), asRows.rows), output(stepNames.gradientIndices(name), asRows.indices)]
          : [output(stepNames.gradient(name), settings.gradients.get(name)!)];
      }),
      ...stateTensors(this.nextState, stepNames.state),
    ]);
    this.#batches = settings.batches.map((batch) => {
      const from = partOf(batch, part, parts);
      const refused = !settings.takesShared && Object.values(from).some((each) => !(each.buffer instanceof ArrayBuffer));
      const own = refused ? Object.fromEntries(Object.entries(from).map(([name, each]) => [name, each.slice()])) : from;
      return { from, own, feeds: batchFeeds(runtime, compiled, own) };
    });
  }

  /** Loss of this part of the batch (its share of it), in the loaded arrays number `batch`; gradients are written, times `lossScale`. */
  async run(batch: number, step: number, lossScale: number): Promise<number> {
    this.#lossScale[0] = lossScale;
    const { from, own, feeds } = this.#batches[batch]!;
    if (own !== from) for (const [name, each] of Object.entries(from)) own[name]!.set(each as never);
    const results = await this.#session.run({ ...this.#fixedFeeds, ...feeds, ...drawnFeeds(this.#settings, step) }, this.#fetches);
    freeCopies(results, this.#fetches);
    return this.#loss[0]!;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

function batchFeeds(
  runtime: Runtime,
  compiled: CompiledGradients,
  arrays: Readonly<Record<string, RowArray>>,
): Record<string, RuntimeTensor> {
  const { batchSize } = compiled;
  return Object.fromEntries([
    ...[...compiled.dataInputs, ...compiled.targets].map(({ name, shape, dtype }) => [
      name,
      runtime.tensor(dtype, arrays[name]!, [batchSize, ...shape]),
    ]),
    [stepNames.rowShares, runtime.tensor('float32', arrays[stepNames.rowShares] as Float32Array, [batchSize])],
  ]);
}

/** Dropout masks and noises of step `step` (counted from 0): functions of seed, layer, step and part. */
function drawnFeeds(
  { runtime, compiled, seed, part, parts }: Pick<GradientSessionSettings, 'runtime' | 'compiled' | 'seed' | 'part' | 'parts'>,
  step: number,
): Record<string, RuntimeTensor> {
  return Object.fromEntries(
    drawnArrays(compiled, seed, step, { part, parts }).map(({ name, type, data, shape }) => [name, runtime.tensor(type, data, shape)]),
  );
}

export interface DrawnArray {
  readonly name: string;
  /** In the step graph. */
  readonly step: string;
  readonly type: 'bool' | 'float32';
  readonly data: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
  /** [micro-batches, …]. */
  readonly shape: readonly number[];
  /** Of a mask. */
  readonly rate?: number;
}

export function drawnArrays(
  compiled: Pick<CompiledGradients, 'batchSize' | 'microBatch' | 'masks' | 'noises'>,
  seed: number,
  step: number,
  { part, parts }: Part,
): DrawnArray[] {
  const count = compiled.batchSize / compiled.microBatch;
  // A single part draws what `Trainer` draws.
  const path = parts === 1 ? [step] : [step, part];
  return [
    ...compiled.masks.map(({ name, step: inStep, shape, rate }, layer): DrawnArray => {
      const data = new Uint8Array(count * elementCount(shape));
      fillKeepMask(data, rate, streamKey(seed, dropoutStream, layer, ...path));
      return { name, step: inStep, type: 'bool', data, shape: [count, ...shape], rate };
    }),
    ...compiled.noises.map(({ name, step: inStep, shape, ...distribution }, layer): DrawnArray => {
      const data = new Float32Array(count * elementCount(shape));
      fillNoise(data, distribution, streamKey(seed, noiseStream, layer, ...path));
      return { name, step: inStep, type: 'float32', data, shape: [count, ...shape] };
    }),
  ];
}
