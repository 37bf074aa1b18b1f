import type { Graph } from '../../onnx/graph.ts';
import { tensor, type Operator, type OperatorContext, type ReferenceTensor } from './tensors.ts';

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
};

export function subgraph({ attributes }: OperatorContext, name: string): Graph {
  const attribute = attributes[name];
  if (attribute?.kind !== 'graph') throw new Error(`There is no subgraph "${name}".`);
  return attribute.value;
}

/** Equal tensors along a new first axis. */
export function stack(items: readonly ReferenceTensor[]): ReferenceTensor {
  return { shape: [items.length, ...(items[0]?.shape ?? [])], data: Float64Array.from(items.flatMap((each) => [...each.data])) };
}
