import type { TapeEntry, TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import type { AttributeDefaults, GradientClosures, GradientRule, RuleNode } from '../gradients/defineGradient.ts';
import { compositeOf, gradientOf, isBlocked } from '../gradients/index.ts';
import type { Attributes } from '../onnx/graph.ts';
import { sumToShape } from './sumToShape.ts';

/** A value whose incoming gradient is known. */
export interface Seed {
  readonly value: TypedValue;
  readonly gradient: TypedValue;
}

/**
 * Reverse mode: walks the tape backwards and adds, for each value that `wrt` reaches, the sum of the gradients that its
 * uses contribute. The nodes that it adds are on the tape too, so their gradients can be asked for in turn.
 * Undefined for a value that does not influence any seed.
 *
 * Source: Griewank & Walther, Evaluating Derivatives (2008), §3.2 (adjoint by incremental reverse accumulation).
 */
export function backpropagate(g: TypedOps, seeds: readonly Seed[], wrt: readonly TypedValue[]): (TypedValue | undefined)[] {
  return walkBack(g, g.tape.slice(), seeds, wrt);
}

function walkBack(g: TypedOps, tape: readonly TapeEntry[], seeds: readonly Seed[], wrt: readonly TypedValue[]): (TypedValue | undefined)[] {
  const needed = reachedFrom(tape, wrt);
  const gradients = new Map<string, TypedValue>();
  const contribute = (value: TypedValue, gradient: TypedValue): void => {
    const contribution = sumToShape(g, gradient, value.shape);
    const soFar = gradients.get(value.name);
    gradients.set(value.name, soFar ? g.add(soFar, contribution) : contribution);
  };
  for (const { value, gradient } of seeds) contribute(value, gradient);
  for (const entry of tape.toReversed()) {
    if (!entry.outputs.some((each) => needed.has(each.name) && gradients.has(each.name))) continue;
    const incoming = entry.outputs.map((each) => gradients.get(each.name));
    for (const { value, gradient } of throughNode(g, entry, incoming, needed)) contribute(value, gradient);
  }
  return wrt.map((each) => gradients.get(each.name));
}

/**
 * What a node hands back to those of its inputs that `needed` names, for the gradients `incoming` of its outputs. Where an input
 * was broadcast, its gradient may have the shape of the output: it is not summed yet.
 */
export function* throughNode(
  g: TypedOps,
  entry: TapeEntry,
  incoming: readonly (TypedValue | undefined)[],
  needed: ReadonlySet<string>,
): Generator<Seed> {
  const rule = gradientOf(entry.operator);
  if (!rule) return yield* throughFormula(g, entry, incoming, needed);
  const closures = closuresOf(g, rule, entry, incoming, needed);
  for (const [at, value] of entry.inputs.entries()) {
    const closure = closures[at];
    if (value && closure && needed.has(value.name)) yield { value, gradient: closure() };
  }
}

/** Gradients of one scalar. Throws when a value of `wrt` does not influence it. */
export function gradientsOf(g: TypedOps, scalar: TypedValue, wrt: readonly TypedValue[]): TypedValue[] {
  return backpropagate(g, [{ value: scalar, gradient: g.filledLike(scalar, 1) }], wrt).map((gradient, at) => {
    if (!gradient) throw new Error(`"${wrt[at]!.name}" does not influence "${scalar.name}": it has no gradient.`);
    return gradient;
  });
}

/**
 * A node that is a formula over others, but was added as itself (a replayed graph contains the formula instead): the
 * formula is added now, and its nodes are walked back.
 */
function throughFormula(
  g: TypedOps,
  { operator, inputs, outputs, attributes }: TapeEntry,
  incoming: readonly (TypedValue | undefined)[],
  needed: ReadonlySet<string>,
): Seed[] {
  const formula = compositeOf(operator);
  // A gradient that is silently lost would be worse than none: what has no rule must be listed as such.
  if (!formula) throw new Error(`${operator} ("${outputs[0]!.name}") has no gradient rule.`);
  const start = g.tape.length;
  const results = formula.decompose(namedTensors(formula.inputs, inputs), attributesOf(formula.attributes, attributes), g, {
    inputs,
    attributes,
    outputCount: outputs.length,
  });
  const seeds = results.flatMap((value, at) => (value && incoming[at] ? [{ value, gradient: incoming[at] }] : []));
  // By name: an input that the node has twice gets its whole gradient once.
  const wanted = [...new Map(inputs.flatMap((each) => (each && needed.has(each.name) ? [[each.name, each] as const] : []))).values()];
  const found = walkBack(g, g.tape.slice(start), seeds, wanted);
  return wanted.flatMap((value, at) => (found[at] ? [{ value, gradient: found[at] }] : []));
}

/** Names of float values that depend smoothly on one of `wrt`; only these need a gradient. */
function reachedFrom(tape: readonly TapeEntry[], wrt: readonly TypedValue[]): Set<string> {
  const reached = new Set(wrt.map((each) => each.name));
  for (const { operator, inputs, outputs } of tape) {
    if (isBlocked(operator) || !inputs.some((each) => each && reached.has(each.name))) continue;
    for (const each of outputs) if (isFloat(each)) reached.add(each.name);
  }
  return reached;
}

function closuresOf(
  g: TypedOps,
  rule: GradientRule,
  entry: TapeEntry,
  incoming: readonly (TypedValue | undefined)[],
  needed: ReadonlySet<string>,
): readonly ((() => TypedValue) | undefined)[] {
  const node: RuleNode = {
    inputs: entry.inputs,
    outputs: entry.outputs,
    gradients: incoming,
    attributes: entry.attributes,
    wanted: entry.inputs.map((each) => each !== undefined && needed.has(each.name)),
    backpropagate,
  };
  const flowing: [string, TypedValue][] = rule.outputs.flatMap((name, at): [string, TypedValue][] => {
    const output = entry.outputs[at];
    if (!output || !isFloat(output)) return [];
    return [[name, incoming[at] ?? g.filledLike(output)]];
  });
  const closures: GradientClosures<string> = rule.vjp(
    tensorsOf(rule, entry),
    Object.fromEntries(flowing),
    attributesOf(rule.attributes, entry.attributes),
    g,
    node,
  );
  return Array.isArray(closures)
    ? (closures as readonly ((() => TypedValue) | undefined)[])
    : entry.inputs.map((_, at) => (closures as Readonly<Record<string, () => TypedValue>>)[rule.inputs[at] ?? '']);
}

function isFloat({ dtype }: TypedValue): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16';
}

function tensorsOf(rule: GradientRule, { inputs, outputs }: TapeEntry): Record<string, TypedValue> {
  return { ...namedTensors(rule.inputs, inputs), ...namedTensors(rule.outputs, outputs) };
}

export function namedTensors(names: readonly string[], values: readonly (TypedValue | undefined)[]): Record<string, TypedValue> {
  return Object.fromEntries(names.flatMap((name, at): [string, TypedValue][] => (values[at] ? [[name, values[at]]] : [])));
}

/** The attributes that a rule reads, defaults filled in. */
export function attributesOf(defaults: AttributeDefaults, attributes: Attributes): AttributeDefaults {
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => {
      const attribute = attributes[name];
      const plain = attribute?.kind === 'int' || attribute?.kind === 'float' || attribute?.kind === 'ints' || attribute?.kind === 'string';
      return [name, plain || attribute?.kind === 'floats' ? attribute.value : value];
    }),
  );
}
