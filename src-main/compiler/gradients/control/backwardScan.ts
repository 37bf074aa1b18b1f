import { replay } from '../../2-shapes/replay.ts';
import type { Sequence } from '../../2-shapes/scan.ts';
import { typed, TypedOps, type TypedValue } from '../../2-shapes/typedOps.ts';
import { removeUnused } from '../../4-fuse/removeUnused.ts';
import { ints } from '../../onnx/attributes.ts';
import type { Graph } from '../../onnx/graph.ts';
import type { RuleNode } from '../defineGradient.ts';
import { addProducts, deferredProducts, type StackedProduct } from './deferredProducts.ts';
import { hoistInvariant } from './hoistInvariant.ts';
import { joinedFactor, type Sources } from './joinedFactor.ts';
import { readInsteadOfMade } from './readInsteadOfMade.ts';
import { partsOf, stackOfState, statesBefore } from './scanParts.ts';

/** Something that each step of the gradient may read, and what it is outside; a state as the step found it has a number. */
interface Item {
  readonly inner: TypedValue;
  readonly outer: Sequence | number;
}

/** Gradients of the inputs of a Scan node, by position: initial states, sequences, then what the body captures. */
export function backwardScan(g: TypedOps, node: RuleNode): readonly (TypedValue | undefined)[] {
  const parts = partsOf(node);
  const { body, states, sequences, captured, stacks } = parts;
  const graph = g.graph.subgraph(g.graph.uniqueName('scan_gradient'));
  const b = new TypedOps(graph, g.forms);
  const input = (stem: string, { dtype, shape }: TypedValue): TypedValue => typed(graph.input(graph.uniqueName(stem), dtype, shape));
  const item = (stem: string, outer: Sequence): Item => ({
    inner: input(stem, { ...outer.value, shape: outer.value.shape.slice(1) }),
    outer,
  });
  const isWanted = (value: TypedValue, at: number): boolean => (node.wanted[at] ?? false) && isFloat(value);

  // 1. The body once more, on what the forward Scan found, read and made.
  const before = states.map((each, at): Item => ({ inner: input('before', each), outer: at }));
  const read = sequences.map((each) => item('read', each));
  const made = stacks.map((each) => item('made', each));
  const known = new Map([
    ...body.inputs.map(({ name }, at): [string, TypedValue] => [name, [...before, ...read][at]!.inner]),
    ...captured.map((each): [string, TypedValue] => [each.name, each]),
  ]);
  const replayed = replay(b, body, known);
  const outputs = body.outputs.map(({ name }) => replayed.get(name)!);
  const replaced = readInsteadOfMade(
    b,
    outputs.slice(states.length),
    made.map((each) => each.inner),
  );
  const standFor = (value: TypedValue): TypedValue => replaced.get(value.name) ?? value;

  // 2. Its gradients. A weight that the body multiplies by gets its gradient outside, in one product over all steps.
  const floatStates = states.flatMap((each, at) => (isFloat(each) ? [{ at, gradient: input('gradient_state', each) }] : []));
  const dMade = stacks.flatMap(({ backward = false }, at) => {
    const value = node.gradients[states.length + at];
    return value ? [{ at, ...item('gradient_made', { value, backward }) }] : [];
  });
  const wantedCaptured = captured.filter((each, at) => isWanted(each, states.length + sequences.length + at));
  const deferred = deferredProducts(b.tape, wantedCaptured);
  const summed = wantedCaptured.filter((each) => !deferred.some(({ weight }) => weight.name === each.name));
  const wantedRead = read.flatMap((each, at) => (isWanted(each.inner, states.length + at) ? [{ ...each, at }] : []));
  const gradientBy = backpropagated(node, b, {
    seeds: [
      ...floatStates.map(({ at, gradient }) => ({ value: standFor(outputs[at]!), gradient })),
      ...dMade.map(({ at, inner }) => ({ value: standFor(outputs[states.length + at]!), gradient: inner })),
    ],
    wrt: [
      ...floatStates.map(({ at }) => before[at]!.inner),
      ...wantedRead.map((each) => each.inner),
      ...summed,
      ...deferred.map((each) => each.output),
    ],
  });

  // 3. The body of the gradient's Scan: gradients of the states and running sums go from step to step, the rest is handed out.
  const inputNames = new Set(graph.build().inputs.map((each) => each.name));
  const output = (value: TypedValue): void => {
    // A body may not hand on an input as it is.
    graph.output(inputNames.has(value.name) ? b.op('Identity', [value]) : value);
  };
  const sums = summed.flatMap((of) => {
    const gradient = gradientBy(of);
    return gradient ? [{ of, gradient, soFar: input('sum', of) }] : [];
  });
  for (const { at } of floatStates) output(gradientBy(before[at]!.inner) ?? b.filledLike(states[at]!));
  for (const { gradient, soFar } of sums) output(b.add(soFar, gradient));
  const directions: number[] = [];
  /** From the last step of the forward Scan to its first: against the direction that the sequence was read in. */
  const handOut = (value: TypedValue, { backward = false }: Partial<Sequence>): number => {
    output(value);
    return directions.push(Number(!backward)) - 1;
  };
  const dRead = wantedRead.flatMap(({ at, inner, outer }) => {
    const gradient = gradientBy(inner);
    return gradient ? [{ at, place: handOut(gradient, outer as Sequence) }] : [];
  });
  const sources: Sources = {
    sequenceOf: (value) => [...read, ...made].find(({ inner }) => inner.name === value.name)?.outer as Sequence | undefined,
    stateOf: (value) => {
      const state = before.findIndex(({ inner }) => inner.name === value.name);
      const stack = state < 0 ? undefined : stackOfState(parts, state);
      return stack && { stack, initial: states[state]! };
    },
  };
  const products = deferred.flatMap(({ weight, side, output: product, factor }) => {
    const gradient = gradientBy(product);
    if (!gradient) return [];
    const rows = side === 'left' ? joinedFactor(g, b.tape, factor, parts, sources) : undefined;
    const outer = rows ?? sources.sequenceOf(factor);
    return [
      { weight, side, gradient: handOut(gradient, outer ?? {}), factor: outer?.value ?? handOut(factor, {}), asRows: rows !== undefined },
    ];
  });

  // 4. The Scan itself, reading no more than it needs.
  const small = hoistInvariant(g, removeUnused(reading(graph.build(), (name) => replaced.get(name)?.name ?? name)));
  const used = new Set(small.nodes.flatMap((each) => each.inputs));
  const all = [...before, ...read, ...made, ...dMade];
  const needed = all.filter((each) => used.has(each.inner.name));
  const items = needed.length > 0 ? needed : read.slice(0, 1);
  const found = statesBefore(
    g,
    parts,
    node,
    items.flatMap(({ outer }) => (typeof outer === 'number' ? [outer] : [])),
  );
  const scanned = items.map(({ outer }) => (typeof outer === 'number' ? found.get(outer)! : outer));
  const carried = [...floatStates.map((each) => each.gradient), ...sums.map((each) => each.soFar)];
  const results = g.node(
    'Scan',
    [
      ...floatStates.map(({ at }) => node.gradients[at] ?? g.filledLike(states[at]!)),
      ...sums.map(({ of }) => g.filledLike(of)),
      ...scanned.map((each) => each.value),
    ],
    {
      body: { ...small, inputs: [...carried, ...items.map((each) => each.inner)] },
      num_scan_inputs: items.length,
      scan_input_directions: ints(scanned.map(({ backward = false }) => Number(!backward))),
      scan_output_directions: ints(directions),
    },
    carried.length + directions.length,
  );
  const handedOut = results.slice(carried.length);

  // 5. Each result to its input.
  const gradients: (TypedValue | undefined)[] = node.inputs.map(() => undefined);
  floatStates.forEach(({ at }, place) => (gradients[at] = results[place]));
  for (const { at, place } of dRead) gradients[states.length + at] = handedOut[place];
  const stacked = products.map((each): StackedProduct => ({
    ...each,
    gradient: handedOut[each.gradient]!,
    factor: typeof each.factor === 'number' ? handedOut[each.factor]! : each.factor,
  }));
  captured.forEach((each, at) => {
    const sum = sums.findIndex(({ of }) => of.name === each.name);
    gradients[states.length + sequences.length + at] =
      sum >= 0
        ? results[floatStates.length + sum]
        : addProducts(
            g,
            stacked.filter(({ weight }) => weight.name === each.name),
          );
  });
  return gradients;
}

/** The nodes that were replayed read what the forward Scan made, too; those that make it again are then read by nothing. */
function reading(body: Graph, current: (name: string) => string): Graph {
  return { ...body, nodes: body.nodes.map((each) => ({ ...each, inputs: each.inputs.map(current) })) };
}

function backpropagated(
  node: RuleNode,
  b: TypedOps,
  { seeds, wrt }: { seeds: Parameters<RuleNode['backpropagate']>[1]; wrt: readonly TypedValue[] },
): (value: TypedValue) => TypedValue | undefined {
  const gradients = node.backpropagate(b, seeds, wrt);
  return ({ name }) => gradients[wrt.findIndex((each) => each.name === name)];
}

function isFloat({ dtype }: TypedValue): boolean {
  return dtype === 'float32' || dtype === 'float64';
}
