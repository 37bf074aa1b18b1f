import { ModelkeepError, isModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { randomOperators } from '../parseForward.ts';
import { removeUnused } from '../../4-fuse/removeUnused.ts';
import { Replayer, type ReplayOptions } from '../../2-shapes/replay.ts';
import { isKnownOperator } from '../../2-shapes/shapeRules.ts';
import { TypedOps } from '../../2-shapes/typedOps.ts';
import { decomposer } from '../../3-differentiate/decompose.ts';
import { operatorKey } from '../../gradients/index.ts';
import type { Dim, Graph, GraphNode, Shape, TensorData, Value } from '../../onnx/graph.ts';
import { GraphBuilder } from '../../onnx/graphBuilder.ts';

export type Bindings = Readonly<Record<string, number>>;

/** Type and bound shape of every value of a graph, found node by node. */
export class GraphTypes {
  readonly #replayer: Replayer;
  readonly #builder = new GraphBuilder('types');

  /**
   * Throws MK_COMPILER_SHAPE_UNKNOWN for an input without a shape, MK_COMPILER_SIZES_UNBOUND for names that `bindings`
   * leaves open.
   */
  constructor(graph: Graph, bindings: Bindings) {
    const open = new Set<string>();
    // Here a Dropout or a random number is only its type: phase 1 and 3 make inputs of them.
    const g = new TypedOps(this.#builder);
    const composites = decomposer(g);
    const decompose: ReplayOptions['decompose'] = (operator, inputs, attributes, outputCount) => {
      if (operator === 'Dropout' || operator in randomOperators) return [inputs[0]];
      return isKnownOperator(operator) ? undefined : composites(operator, inputs, attributes, outputCount);
    };
    this.#replayer = new Replayer(g, { fold: true, inlineControl: true, decompose });
    for (const each of graph.inputs) {
      const { shape } = each;
      if (!shape) throw new ModelkeepError('MK_COMPILER_SHAPE_UNKNOWN', { tensor: each.name });
      for (const dim of shape) if (typeof dim === 'string' && !(dim in bindings)) open.add(dim);
    }
    if (open.size > 0) throw new ModelkeepError('MK_COMPILER_SIZES_UNBOUND', { names: [...open].join(', ') });
    for (const each of graph.inputs) {
      const value = this.#builder.input(each.name, each.dtype, boundShape(each.shape!, bindings));
      this.#replayer.set(each.name, { ...value, shape: value.shape! });
    }
    for (const [name, tensor] of graph.initializers) this.#replayer.constant(name, tensor);
  }

  constant(name: string, tensor: TensorData): void {
    this.#replayer.constant(name, tensor);
  }

  /**
   * Throws MK_COMPILER_OPERATOR_UNSUPPORTED where no shape rule knows the operator, MK_COMPILER_NODE_INVALID where the
   * inputs do not fit it, MK_COMPILER_LOOP_UNBOUNDED for control flow that cannot be unrolled.
   */
  add(node: GraphNode, graphName: string): void {
    try {
      this.#replayer.addNode(node, graphName);
    } catch (error) {
      if (isModelkeepError(error)) throw error;
      throw new ModelkeepError(
        'MK_COMPILER_NODE_INVALID',
        {
          node: node.name,
          operator: operatorKey(node.domain, node.opType),
          shapes: node.inputs.map((name) => (name === '' ? '–' : `${name} ${describe(this.typeOf(name))}`)).join(', '),
          reason: error instanceof Error ? error.message : String(error),
        },
        { cause: error },
      );
    }
  }

  typeOf(name: string): (Pick<Value, 'dtype'> & { readonly shape: readonly number[] }) | undefined {
    const value = this.#replayer.get(name);
    return value && { dtype: value.dtype, shape: value.shape as readonly number[] };
  }

  shapeOf(name: string): readonly number[] | undefined {
    return this.typeOf(name)?.shape;
  }

  /** The value where it is a constant once sizes are bound. */
  constantOf(name: string): TensorData | undefined {
    return this.#builder.constantValue(this.#replayer.get(name));
  }

  /** The graph with sizes bound: constants evaluated, control flow inlined, and nothing that these outputs do not need. */
  boundGraph(outputs: readonly string[]): Graph {
    const graph = this.#builder.build();
    return removeUnused({ ...graph, outputs: outputs.map((name) => this.#replayer.get(name)!) });
  }
}

/** The types of a graph that is already of our opset. Errors as `GraphTypes`. */
export function typeGraph(graph: Graph, bindings: Bindings): GraphTypes {
  const types = new GraphTypes(graph, bindings);
  for (const node of graph.nodes) types.add(node, graph.name);
  return types;
}

export function boundShape(shape: Shape, bindings: Bindings): Shape {
  return shape.map((dim): Dim => (typeof dim === 'string' ? (bindings[dim] ?? dim) : dim));
}

function describe(type: { dtype: string; shape: readonly number[] } | undefined): string {
  return type ? `${type.dtype}[${type.shape.join(',')}]` : '?';
}
