import { renameGraph, type Graph } from './graph.ts';

export interface MergeOptions {
  /** Input of `second` → output of `first` that feeds it. Inputs not named here stay inputs of the whole. */
  connect: Readonly<Record<string, string>>;
  /** Put before every name inside `second` but its outputs and its remaining inputs. Default 'head_'. */
  prefix?: string;
  /** Outputs of `first` that the whole gives too, before those of `second`. Default none. */
  keepOutputs?: readonly string[];
  name?: string;
}

/**
 * One graph that runs `first`, then `second`: a feature graph and a model head become one model.
 * A remaining input of `second` that `first` also has (same name) is the same input.
 *
 * Throws an ordinary Error when a name to connect does not exist, the types differ, or an output name of `second` is taken in `first`.
 */
export function mergeGraphs(
  first: Graph,
  second: Graph,
  { connect, prefix = 'head_', keepOutputs = [], name = first.name }: MergeOptions,
): Graph {
  const outputsOfFirst = new Map(first.outputs.map((each) => [each.name, each]));
  for (const [input, output] of Object.entries(connect)) {
    const [from, to] = [outputsOfFirst.get(output), second.inputs.find((each) => each.name === input)];
    if (!from) throw new Error(`Merge: "${first.name}" has no output "${output}".`);
    if (!to) throw new Error(`Merge: "${second.name}" has no input "${input}".`);
    if (from.dtype !== to.dtype) throw new Error(`Merge: output "${output}" is ${from.dtype}, input "${input}" is ${to.dtype}.`);
  }
  const remaining = second.inputs.filter((each) => !(each.name in connect));
  const kept = new Set([...second.outputs, ...remaining].map((each) => each.name));
  const renamed = renameGraph(second, (each) => connect[each] ?? (kept.has(each) ? each : `${prefix}${each}`));

  const taken = namesOf(first);
  for (const each of namesOf(renamed)) {
    const shared =
      Object.values(connect).includes(each) ||
      remaining.some((input) => input.name === each && first.inputs.some((own) => own.name === each));
    if (taken.has(each) && !shared) throw new Error(`Merge: the name "${each}" is in both graphs; choose another prefix or output name.`);
  }
  const keptOutputs = keepOutputs.map((each) => {
    const output = outputsOfFirst.get(each);
    if (!output) throw new Error(`Merge: "${first.name}" has no output "${each}".`);
    return output;
  });
  return {
    name,
    inputs: [...first.inputs, ...remaining.filter((each) => !first.inputs.some((own) => own.name === each.name))],
    outputs: [...keptOutputs, ...renamed.outputs],
    nodes: [...first.nodes, ...renamed.nodes],
    initializers: new Map([...first.initializers, ...renamed.initializers]),
  };
}

function namesOf(graph: Graph): Set<string> {
  return new Set([
    ...graph.inputs.map((each) => each.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs.filter((each) => each !== '')),
  ]);
}
