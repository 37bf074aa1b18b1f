import { encodeModel, type RuntimeSession } from '../../../../compiler/index.ts';
import type { Engine } from '../learner.ts';
import type { Matrix } from '../matrix.ts';
import { buildNetwork, type NetworkShape } from './buildNetwork.ts';
import { outputsOf } from '../learner.ts';

export type NetworkWeights = Record<string, Float32Array>;

const rowsPerRun = 4096;

/** The network as it answers, its weights given with each call: for validation while training, and for the learner's own answers. */
export class ServedNetwork {
  readonly #shape: NetworkShape;
  readonly #engine: Engine;
  readonly #session: RuntimeSession;
  readonly #parameterShapes: Readonly<Record<string, readonly number[]>>;

  static async open(shape: NetworkShape, engine: Engine): Promise<ServedNetwork> {
    const { graph, parameterShapes } = buildNetwork(shape, 'serving');
    const session = await engine.runtime.createSession(encodeModel(graph, { producer: 'modelkeep' }));
    return new ServedNetwork(shape, engine, session, parameterShapes);
  }

  private constructor(
    shape: NetworkShape,
    engine: Engine,
    session: RuntimeSession,
    parameterShapes: Readonly<Record<string, readonly number[]>>,
  ) {
    this.#shape = shape;
    this.#engine = engine;
    this.#session = session;
    this.#parameterShapes = parameterShapes;
  }

  /** [rows, outputs]. */
  async predict({ rows, width, data }: Matrix, weights: NetworkWeights): Promise<Float32Array> {
    const { runtime } = this.#engine;
    const given = Object.fromEntries(
      Object.entries(this.#parameterShapes).map(([name, shape]) => [name, runtime.tensor('float32', weights[name]!, shape)]),
    );
    const outputs = outputsOf(this.#shape.task);
    const all = new Float32Array(rows * outputs);
    for (let start = 0; start < rows; start += rowsPerRun) {
      const end = Math.min(rows, start + rowsPerRun);
      const features = runtime.tensor('float32', data.subarray(start * width, end * width), [end - start, width]);
      const results = await this.#session.run({ ...given, features }, { outputs: null });
      all.set(results['outputs']!.data as Float32Array, start * outputs);
    }
    return all;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}
