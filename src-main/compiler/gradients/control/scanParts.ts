import type { Sequence } from '../../2-shapes/scan.ts';
import type { TypedOps, TypedValue } from '../../2-shapes/typedOps.ts';
import { removeUnused } from '../../4-fuse/removeUnused.ts';
import { readInteger, readIntegers } from '../../onnx/attributes.ts';
import type { Graph, GraphNode } from '../../onnx/graph.ts';
import { rebindSubgraphs } from '../../onnx/subgraphs.ts';
import type { RuleNode } from '../defineGradient.ts';

/** A Scan node, taken apart. */
export interface ScanParts {
  readonly body: Graph;
  readonly length: number;
  readonly states: readonly TypedValue[];
  readonly sequences: readonly Sequence[];
  /** What the body reads from around it. */
  readonly captured: readonly TypedValue[];
  /** What it hands out step by step, stacked. */
  readonly stacks: readonly Sequence[];
}

export function partsOf({ inputs, outputs, attributes }: Pick<RuleNode, 'inputs' | 'outputs' | 'attributes'>): ScanParts {
  const body = attributes['body'];
  if (body?.kind !== 'graph') throw new Error('Scan: there is no "body".');
  const given = inputs as readonly TypedValue[];
  const innerCount = body.value.inputs.length;
  const stateCount = innerCount - readInteger(attributes, 'num_scan_inputs', 0);
  const sequence = (value: TypedValue, name: string, at: number): Sequence => ({
    value,
    backward: readIntegers(attributes, name)?.[at] === 1,
  });
  const sequences = given.slice(stateCount, innerCount).map((each, at) => sequence(each, 'scan_input_directions', at));
  return {
    body: body.value,
    length: Number(sequences[0]!.value.shape[0]),
    states: given.slice(0, stateCount),
    sequences,
    captured: given.slice(innerCount),
    stacks: outputs.slice(stateCount).map((each, at) => sequence(each, 'scan_output_directions', at)),
  };
}

/**
 * Each state as the steps *found* it, stacked: the initial one, then what the steps but the last left. Read from the stacks
 * where the body hands its states out; otherwise the Scan runs once more for them.
 */
export function statesBefore(g: TypedOps, parts: ScanParts, node: RuleNode, wanted: readonly number[]): Map<number, Sequence> {
  const { states } = parts;
  const found = (state: number): Sequence | undefined => stackOfState(parts, state);
  const hidden = wanted.filter((state) => !found(state));
  const again = hidden.length > 0 ? runAgain(g, parts, node, hidden) : [];
  return new Map(wanted.map((state) => [state, shifted(g, found(state) ?? again[hidden.indexOf(state)]!, states[state]!)]));
}

/** A state as the steps left it, where the body hands it out. */
export function stackOfState({ body, states, stacks }: ScanParts, state: number): Sequence | undefined {
  const left = origin(body, body.outputs[state]!.name);
  return stacks[body.outputs.slice(states.length).findIndex(({ name }) => origin(body, name) === left)];
}

/** The value that a name is a copy of. */
function origin(body: Graph, name: string): string {
  const maker = body.nodes.find((each) => each.outputs[0] === name && each.opType === 'Identity' && each.domain === '');
  return maker ? origin(body, maker.inputs[0]!) : name;
}

/** What each step found, from what each left. */
export function shifted(g: TypedOps, { value, backward = false }: Sequence, initial: TypedValue): Sequence {
  const length = Number(value.shape[0]);
  const first = g.reshape(initial, [1, ...initial.shape]);
  if (length === 1) return { value: first, backward };
  const [start, end] = backward ? [1, length] : [0, length - 1];
  const rest = g.op('Slice', [value, g.graph.int64([start]), g.graph.int64([end]), g.graph.int64([0])]);
  return { value: g.op('Concat', backward ? [rest, first] : [first, rest], { axis: 0 }), backward };
}

function runAgain(g: TypedOps, { body, states, sequences }: ScanParts, node: RuleNode, hidden: readonly number[]): Sequence[] {
  const copies = hidden.map((state): GraphNode => {
    const name = `${body.outputs[state]!.name}.again`;
    return { opType: 'Identity', domain: '', name, inputs: [body.outputs[state]!.name], outputs: [name], attributes: {} };
  });
  const longer: Graph = removeUnused({
    ...body,
    nodes: [...body.nodes, ...copies],
    outputs: [
      ...body.outputs.slice(0, states.length),
      ...hidden.map((state, at) => ({ ...body.outputs[state]!, name: copies[at]!.outputs[0]! })),
    ],
  });
  const attributes = rebindSubgraphs(
    { ...node.attributes, body: { kind: 'graph', value: longer } },
    (name) => name,
    (name) => g.graph.uniqueName(name),
  );
  const outputs = g.node(
    'Scan',
    [...states, ...sequences.map((each) => each.value)],
    { ...attributes, scan_output_directions: { kind: 'ints', value: hidden.map(() => 0) } },
    states.length + hidden.length,
  );
  return outputs.slice(states.length).map((value) => ({ value }));
}
