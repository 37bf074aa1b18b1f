import type { Replayed, ReplayedNode } from '../2-shapes/replay.ts';
import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import type { AttributeDefaults, GradientRule } from '../gradients/defineGradient.ts';
import { gradientOf } from '../gradients/index.ts';
import type { Attributes } from '../onnx/graph.ts';
import { sumToShape } from './sumToShape.ts';

/**
 * Reverse mode: walks the nodes backwards and adds, for each value that `wrt` reaches, the sum of the gradients that its
 * uses contribute. `seed` is the gradient of `output`.
 *
 * Source: Griewank & Walther, Evaluating Derivatives (2008), §3.2 (adjoint by incremental reverse accumulation).
 */
export function backpropagate(
  g: TypedOps,
  forward: Replayed,
  output: TypedValue,
  seed: TypedValue,
  wrt: readonly TypedValue[],
): TypedValue[] {
  const needed = reachedFrom(forward, wrt);
  const gradients = new Map<string, TypedValue>([[output.name, seed]]);
  for (const step of forward.nodes.toReversed()) {
    const incoming = gradients.get(step.outputs[0]!.name);
    if (!incoming || !needed.has(step.outputs[0]!.name)) continue;
    const rule = ruleOf(step);
    const closures = rule.vjp(
      tensorsOf(rule, step),
      { [rule.outputs[0]!]: incoming },
      attributesOf(rule.attributes, step.node.attributes),
      g,
    );
    step.inputs.forEach((input, at) => {
      const closure = closures[rule.inputs[at]!];
      if (!input || !needed.has(input.name) || !closure) return;
      const contribution = sumToShape(g, closure(), input.shape);
      const soFar = gradients.get(input.name);
      gradients.set(input.name, soFar ? g.add(soFar, contribution) : contribution);
    });
  }
  return wrt.map((each) => {
    const gradient = gradients.get(each.name);
    if (!gradient) throw new Error(`"${each.name}" does not influence "${output.name}": it cannot be trained.`);
    return gradient;
  });
}

/** Names of values that depend on one of `wrt`; only these need a gradient. */
function reachedFrom(forward: Replayed, wrt: readonly TypedValue[]): Set<string> {
  const reached = new Set(wrt.map((each) => each.name));
  for (const { inputs, outputs } of forward.nodes) {
    if (inputs.some((each) => each && reached.has(each.name))) for (const each of outputs) reached.add(each.name);
  }
  return reached;
}

function ruleOf({ node }: ReplayedNode): GradientRule {
  const rule = gradientOf.get(node.opType);
  if (!rule) throw new Error(`${node.opType} has no gradient rule.`);
  return rule;
}

function tensorsOf(rule: GradientRule, { inputs, outputs }: ReplayedNode): Record<string, TypedValue> {
  const named = (names: readonly string[], values: readonly (TypedValue | undefined)[]): [string, TypedValue][] =>
    names.flatMap((name, at) => (values[at] ? [[name, values[at]]] : []));
  return Object.fromEntries([...named(rule.inputs, inputs), ...named(rule.outputs, outputs)]);
}

function attributesOf(defaults: AttributeDefaults, attributes: Attributes): AttributeDefaults {
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => {
      const attribute = attributes[name];
      return [name, attribute?.kind === 'int' || attribute?.kind === 'float' || attribute?.kind === 'ints' ? attribute.value : value];
    }),
  );
}
