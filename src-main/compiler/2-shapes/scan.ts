import { ints } from '../onnx/attributes.ts';
import type { Value } from '../onnx/graph.ts';
import { typed, TypedOps, type TypedValue } from './typedOps.ts';

/** A sequence along the first axis. `backward`: read (or written) from the last step to the first. */
export interface Sequence<Of extends Value = TypedValue> {
  readonly value: Of;
  readonly backward?: boolean;
}

export interface ScanStep {
  /** Next states, in order. */
  readonly states: readonly TypedValue[];
  /** What each step hands out; stacked along a new first axis. */
  readonly items: readonly Sequence[];
}

/**
 * Adds a `Scan` — https://onnx.ai/onnx/operators/onnx__Scan.html
 * `step` adds the nodes of one step to `b` and may use any value of `g`. Returns the last states and the stacked items.
 */
export function addScan(
  g: TypedOps,
  states: readonly TypedValue[],
  sequences: readonly Sequence[],
  step: (b: TypedOps, states: readonly TypedValue[], items: readonly TypedValue[]) => ScanStep,
): { states: TypedValue[]; stacks: TypedValue[] } {
  const graph = g.graph.subgraph(g.graph.uniqueName('scan_body'));
  const b = new TypedOps(graph, g.forms);
  const entering = states.map((each) => typed(graph.input(graph.uniqueName('state'), each.dtype, each.shape)));
  const items = sequences.map(({ value }) => typed(graph.input(graph.uniqueName('item'), value.dtype, value.shape.slice(1))));
  const result = step(b, entering, items);
  const given = new Set([...entering, ...items].map((each) => each.name));
  // A body may not hand on an input as it is.
  const own = (value: TypedValue): TypedValue => (given.has(value.name) ? b.op('Identity', [value]) : value);
  for (const each of result.states) graph.output(own(each));
  for (const each of result.items) graph.output(own(each.value));
  const outputs = g.node(
    'Scan',
    [...states, ...sequences.map((each) => each.value)],
    {
      body: graph.build(),
      num_scan_inputs: sequences.length,
      scan_input_directions: ints(sequences.map((each) => Number(each.backward ?? false))),
      scan_output_directions: ints(result.items.map((each) => Number(each.backward ?? false))),
    },
    states.length + result.items.length,
  );
  return { states: outputs.slice(0, states.length), stacks: outputs.slice(states.length) };
}
