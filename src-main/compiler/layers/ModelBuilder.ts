import { TypedOps, typed, type TypedValue } from '../2-shapes/typedOps.ts';
import type { DataType, Graph, Shape } from '../onnx/graph.ts';
import { GraphBuilder } from '../onnx/graphBuilder.ts';
import type { WeightScheme } from '../run/initialWeights.ts';

/** A forward graph and what is needed to train it. */
export interface Network {
  readonly graph: Graph;
  /** Inputs of `graph` that are weights. */
  readonly parameters: readonly string[];
  readonly parameterShapes: Readonly<Record<string, readonly number[]>>;
  /** How `initialWeights` should draw each parameter, and each state. */
  readonly schemes: Readonly<Record<string, WeightScheme>>;
  /** Values that a training step replaces, such as running statistics: input name → output name. */
  readonly state: Readonly<Record<string, string>>;
  readonly stateShapes: Readonly<Record<string, readonly number[]>>;
  /** Weights that stay as they are; not among `parameters`, their shapes are in `frozenShapes`. */
  readonly frozen: readonly string[];
  readonly frozenShapes: Readonly<Record<string, readonly number[]>>;
}

interface Collected {
  readonly parameterShapes: Record<string, readonly number[]>;
  readonly stateShapes: Record<string, readonly number[]>;
  readonly schemes: Record<string, WeightScheme>;
  /** State inputs with their next values, which become outputs after those of the model. */
  readonly updates: { readonly input: string; readonly next: TypedValue }[];
}

/**
 * Collects the nodes and the parameters of a model while layers add to it. The nodes are ordinary ONNX: what is built
 * here, and what is imported, goes the same way through the compiler.
 *
 * ```ts
 * const m = new ModelBuilder('digits');
 * let x = m.input('images', ['N', 1, 28, 28]);
 * x = maxPool2d(m, relu(m, conv2d(m, x, { name: 'conv1', channels: 32, kernelSize: 3, padding: 1 })), { kernelSize: 2 });
 * m.output(linear(m, flatten(m, x), { name: 'head', units: 10 }), 'output');
 * const network = m.build();
 * ```
 */
export class ModelBuilder {
  readonly g: TypedOps;
  readonly dtype: 'float32' | 'float64';
  readonly #scope: string;
  readonly #reuses: boolean;
  readonly #collected: Collected;

  constructor(
    name: string,
    { dtype = 'float32', within, reuses }: { dtype?: 'float32' | 'float64'; within?: ModelBuilder; reuses?: boolean } = {},
  ) {
    this.g = within ? within.g : new TypedOps(new GraphBuilder(name));
    this.dtype = within ? within.dtype : dtype;
    const outer = within ? within.#scope : '';
    this.#scope = within && name !== '' ? `${outer}${name}.` : outer;
    this.#reuses = reuses ?? (within ? within.#reuses : false);
    this.#collected = within ? within.#collected : { parameterShapes: {}, stateShapes: {}, schemes: {}, updates: [] };
  }

  /** The same model, with `scope.` before every name of a parameter. */
  within(scope: string): ModelBuilder {
    return new ModelBuilder(scope, { within: this });
  }

  /** The same model, in which a name that is taken means the parameter that has it: to apply layers more than once. */
  sharing(): ModelBuilder {
    return new ModelBuilder('', { within: this, reuses: true });
  }

  /** Data; the first axis is the batch, a name such as 'N'. Default type: the model's. */
  input(name: string, shape: Shape, dtype: DataType = this.dtype): TypedValue {
    return typed(this.g.graph.input(name, dtype, shape));
  }

  /** A weight. `scheme` tells how it starts. Throws an ordinary Error when the name is taken, see `sharing`. */
  parameter(name: string, shape: readonly number[], scheme: WeightScheme): TypedValue {
    const full = this.#scope + name;
    if (this.#reuses && full in this.#collected.parameterShapes) return typed(this.g.graph.value(full));
    this.#collected.parameterShapes[full] = shape;
    this.#collected.schemes[full] = scheme;
    return typed(this.g.graph.input(full, this.dtype, shape));
  }

  /** A value that training carries on but no gradient changes; give its next value to `update`. */
  state(name: string, shape: readonly number[], scheme: WeightScheme): TypedValue {
    const full = this.#scope + name;
    this.#collected.stateShapes[full] = shape;
    this.#collected.schemes[full] = scheme;
    return typed(this.g.graph.input(full, this.dtype, shape));
  }

  update(state: TypedValue, next: TypedValue): void {
    this.#collected.updates.push({ input: state.name, next });
  }

  /** Names `value` as an output. Returns it as the graph gives it: what uses that depends on the output itself. */
  output(value: TypedValue, name: string): TypedValue {
    return typed(this.g.graph.output(value, name));
  }

  /** `frozen` tells which weights training leaves as they are. Default: none. */
  build(frozen: (name: string) => boolean = () => false): Network {
    const { parameterShapes, stateShapes, schemes, updates } = this.#collected;
    const state = Object.fromEntries(updates.map(({ input, next }) => [input, this.g.graph.output(next, `${input}.next`).name]));
    const shapes = (isFrozen: boolean): Record<string, readonly number[]> =>
      Object.fromEntries(Object.entries(parameterShapes).filter(([name]) => frozen(name) === isFrozen));
    const [trained, frozenShapes] = [shapes(false), shapes(true)];
    return {
      graph: this.g.graph.build(),
      parameters: Object.keys(trained),
      parameterShapes: trained,
      schemes,
      state,
      stateShapes,
      frozen: Object.keys(frozenShapes),
      frozenShapes,
    };
  }
}
