import type { Graph } from '../../onnx/graph.ts';
import { integersAttribute, numberAttribute, size, tensor, type Operator, type OperatorContext, type ReferenceTensor } from './tensors.ts';

export const control: Readonly<Record<string, Operator>> = {
  If: ([condition], context) => context.runSubgraph(subgraph(context, condition!.data[0] ? 'then_branch' : 'else_branch'), []),
  Loop: ([trips, condition, ...carried], context) => {
    const body = subgraph(context, 'body');
    let state = carried as ReferenceTensor[];
    let proceed = condition ? condition.data[0]! !== 0 : true;
    const stacks: ReferenceTensor[][] = body.outputs.slice(1 + state.length).map(() => []);
    for (let iteration = 0; proceed && iteration < (trips?.data[0] ?? Infinity); iteration++) {
      const results = context.runSubgraph(body, [tensor([], [iteration]), tensor([], [1]), ...state]);
      proceed = results[0]!.data[0]! !== 0;
      state = results.slice(1, 1 + state.length);
      results.slice(1 + state.length).forEach((each, at) => stacks[at]!.push(each));
    }
    return [...state, ...stacks.map(stack)];
  },
  /** Along the first axes. */
  Scan: (inputs, context) => {
    const body = subgraph(context, 'body');
    const scanCount = numberAttribute(context.attributes, 'num_scan_inputs', 0);
    const stateCount = inputs.length - scanCount;
    const directions = (name: string, at: number): boolean => integersAttribute(context.attributes, name)?.[at] === 1;
    let state = inputs.slice(0, stateCount) as ReferenceTensor[];
    const sequences = inputs.slice(stateCount) as ReferenceTensor[];
    const length = sequences[0]!.shape[0]!;
    const stacks: ReferenceTensor[][] = body.outputs.slice(stateCount).map(() => []);
    for (let step = 0; step < length; step++) {
      const items = sequences.map((each, at) => entry(each, directions('scan_input_directions', at) ? length - 1 - step : step));
      const results = context.runSubgraph(body, [...state, ...items]);
      state = results.slice(0, stateCount);
      results.slice(stateCount).forEach((each, at) => stacks[at]!.push(each));
    }
    return [...state, ...stacks.map((list, at) => stack(directions('scan_output_directions', at) ? list.toReversed() : list))];
  },
};

/** Of the first axis. */
function entry(sequence: ReferenceTensor, at: number): ReferenceTensor {
  const shape = sequence.shape.slice(1);
  return { shape, data: sequence.data.slice(at * size(shape), (at + 1) * size(shape)) };
}

export function subgraph({ attributes }: OperatorContext, name: string): Graph {
  const attribute = attributes[name];
  if (attribute?.kind !== 'graph') throw new Error(`There is no subgraph "${name}".`);
  return attribute.value;
}

/** Equal tensors along a new first axis. */
export function stack(items: readonly ReferenceTensor[]): ReferenceTensor {
  return { shape: [items.length, ...(items[0]?.shape ?? [])], data: Float64Array.from(items.flatMap((each) => [...each.data])) };
}
