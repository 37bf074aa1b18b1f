// Losses that L-BFGS minimises, as gradient graphs of the training compiler.
import { encodeModel, GraphBuilder, gradientsOf, TypedOps, type Runtime, type TypedValue } from '../../../../compiler/index.ts';
import type { DesignMatrix } from './DesignMatrix.ts';

/** Loss and gradient at `point` [outputs, width + 1]: of each output the weights, then the intercept. Without penalties. */
export interface SmoothObjective {
  evaluate(point: Float64Array): Promise<{ loss: number; gradient: Float64Array }>;
}

/**
 * Adds the loss, a float64 scalar, of η [rows, outputs] to a graph. `given` makes a constant of the data, float64 [rows, columns].
 */
export type EmitLoss = (g: TypedOps, eta: TypedValue, given: (data: Float64Array, columns: number) => TypedValue) => TypedValue;

/** Dense features as float64 in memory; beyond it the loops over columns go on. */
const mostCells = 3e7;
/**
 * Nanoseconds, one thread: a kept entry or a row in our loops, a cell or a row in the graph. Measured, 20,000 × 60, 5 classes, dense: 27 ms a
 * loss and gradient by loops, 5 ms by the graph; 5,000 × 1,500, 2 classes: dense 41 and 18 ms, with every tenth cell filled 7 and 18 ms.
 */
const [entryNs, loopRowNs, cellNs, readNs, graphRowNs] = [1.4, 25, 0.5, 1, 8];

/** The graphs of one problem: compiled when first asked for, kept for the whole path. */
export class SmoothGraphs {
  readonly #runtime: Runtime;
  readonly #kept = new Map<unknown, Promise<CompiledObjective>>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Null where loops over the columns are faster. `key` says which loss it is: the same key is the same data and loss. */
  async objective(key: unknown, design: DesignMatrix, outputs: number, emit: EmitLoss): Promise<SmoothObjective | null> {
    const { rows, width, entries } = design;
    const loops = outputs * (2 * entries * entryNs + rows * loopRowNs);
    // A cell is read from memory once for all outputs: one alone waits for it.
    const graph = rows * (2 * width * Math.max(outputs * cellNs, readNs) + outputs * graphRowNs);
    if (graph >= loops || rows * (width + 1) > mostCells) return null;
    let found = this.#kept.get(key);
    if (!found) this.#kept.set(key, (found = CompiledObjective.create(this.#runtime, design, outputs, emit)));
    return found;
  }

  async release(): Promise<void> {
    const all = [...this.#kept.values()];
    this.#kept.clear();
    for (const each of all) await (await each).release();
  }
}

class CompiledObjective implements SmoothObjective {
  readonly #runtime: Runtime;
  readonly #session: Awaited<ReturnType<Runtime['createSession']>>;
  readonly #feeds: Record<string, ReturnType<Runtime['tensor']>>;
  readonly #shape: readonly [number, number];

  static async create(runtime: Runtime, design: DesignMatrix, outputs: number, emit: EmitLoss): Promise<CompiledObjective> {
    const { rows, width } = design;
    const builder = new GraphBuilder('linearObjective');
    const g = new TypedOps(builder);
    const feeds: Record<string, ReturnType<Runtime['tensor']>> = {};
    const input = (name: string, shape: readonly number[], data?: Float64Array): TypedValue => {
      if (data) feeds[name] = runtime.tensor('float64', data, shape);
      return builder.input(name, 'float64', shape) as TypedValue;
    };
    const features = input('features', [rows, width + 1], design.withOnes());
    const point = input('point', [outputs, width + 1]);
    const eta = g.gemm(features, point, { transB: 1 });
    let given = 0;
    const loss = emit(g, eta, (data, columns) => input(`given${given++}`, [rows, columns], data));
    const [gradient] = gradientsOf(g, loss, [point]);
    builder.output(loss, 'loss');
    builder.output(gradient!, 'gradient');
    const session = await runtime.createSession(encodeModel(builder.build(), { producer: 'modelkeep' }));
    return new CompiledObjective(runtime, session, feeds, [outputs, width + 1]);
  }

  private constructor(
    runtime: Runtime,
    session: Awaited<ReturnType<Runtime['createSession']>>,
    feeds: Record<string, ReturnType<Runtime['tensor']>>,
    shape: readonly [number, number],
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.#feeds = feeds;
    this.#shape = shape;
  }

  async evaluate(point: Float64Array): Promise<{ loss: number; gradient: Float64Array }> {
    const feeds = { ...this.#feeds, point: this.#runtime.tensor('float64', point, this.#shape) };
    const results = await this.#session.run(feeds, { loss: null, gradient: null });
    const loss = (results['loss']!.data as Float64Array)[0]!;
    return { loss, gradient: Float64Array.from(results['gradient']!.data as Float64Array) };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
