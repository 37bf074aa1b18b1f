import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import type { Attributes, TensorData } from '../onnx/graph.ts';

/** Tensors by the operator's own input and output names. An input that the node leaves out is absent. */
export type Tensors<Name extends string> = Readonly<Record<Name, TypedValue>>;
export type AttributeDefaults = Readonly<Record<string, number | readonly number[] | string | undefined>>;

/** A node as its rule sees it, by position: for operators with any number of inputs or outputs. */
export interface RuleNode {
  readonly inputs: readonly (TypedValue | undefined)[];
  readonly outputs: readonly TypedValue[];
  /** Incoming gradient of each output; undefined where none arrives. */
  readonly gradients: readonly (TypedValue | undefined)[];
  readonly attributes: Attributes;
  /** Which inputs a gradient is wanted for: lets a rule that computes several at once leave the others out. */
  readonly wanted: readonly boolean[];
  /** The walker itself, for operators with subgraphs: gradients of `wrt` over the tape of `body`. */
  readonly backpropagate: (
    body: TypedOps,
    seeds: readonly { readonly value: TypedValue; readonly gradient: TypedValue }[],
    wrt: readonly TypedValue[],
  ) => (TypedValue | undefined)[];
}

/** One point where the gradient test compares the rule with finite differences. */
export interface GradientSample<Name extends string = string> {
  /** Shapes of the float inputs. The last name of an operator with any number of inputs is numbered: 'inputs.0', 'inputs.1'. */
  inputs: Readonly<Partial<Record<Name | `${Name}.${number}`, readonly number[]>>>;
  /** Inputs that are constants: int64 lists such as axes, or any tensor. */
  constants?: Readonly<Partial<Record<Name | `${Name}.${number}`, readonly number[] | TensorData>>>;
  attributes?: Attributes;
  /** Number of outputs that the node has; default: all that the rule names. */
  outputCount?: number;
  /** Values are drawn from here; default −2 to 2. Keep away from kinks: a central difference across one measures neither side. */
  domain?: readonly [low: number, high: number];
  /** Smallest |x| drawn. */
  awayFromZero?: number;
  /** Draws values that differ from each other by at least this much: for max, sort and top-k. */
  apart?: number;
  /** False where ONNX Runtime's CPU kernel lacks just this case of the node. Default: as the rule. */
  runsOnCpu?: boolean;
}

/** A point where the formula could overflow or has a corner: the gradient must be finite and, where given, this. */
export interface SpecialPoint<Name extends string = string> {
  inputs: Readonly<Partial<Record<Name | `${Name}.${number}`, { shape: readonly number[]; values: readonly number[] }>>>;
  constants?: GradientSample<Name>['constants'];
  attributes?: Attributes;
  /** Incoming gradient of the first output; default ones. */
  cotangent?: readonly number[];
  gradients: Readonly<Partial<Record<Name | `${Name}.${number}`, readonly number[]>>>;
}

interface RuleFacts<Input extends string, Output extends string, Defaults extends AttributeDefaults> {
  /** As ONNX spells it. */
  readonly opType: string;
  /** Default: the ONNX domain ''. */
  readonly domain?: string;
  /** Version of the operator that the rule was written for: the newest one at opset 21, or the first one after it. */
  readonly sinceVersion: number;
  /** The page of the operator, and of the formula when it is not elementary. */
  readonly source: string;
  readonly formula: string;
  /** Names in ONNX order. */
  readonly inputs: readonly Input[];
  /** True where the last input (output) may be given any number of times. */
  readonly variadicInputs?: boolean;
  readonly outputs: readonly Output[];
  readonly variadicOutputs?: boolean;
  /** Defaults of the attributes that the rule reads. */
  readonly attributes: Defaults;
  readonly samples: readonly GradientSample<Input>[];
  readonly specialPoints: readonly SpecialPoint<Input>[];
  /** Whether the gradient can be differentiated again; the table test holds it against central differences. Default true. */
  readonly secondOrder?: boolean;
  /** False where ONNX Runtime's CPU has no kernel for the node itself, and only its gradient or decomposition runs there. Default true. */
  readonly runsOnCpu?: boolean;
}

/** Closures by input name or by position; an input that no gradient flows to has none. Only those that are needed are called. */
export type GradientClosures<Input extends string> =
  Readonly<Partial<Record<Input, () => TypedValue>>> | readonly ((() => TypedValue) | undefined)[];

/** An operator with a gradient of its own. */
export interface GradientRule<
  Input extends string = string,
  Output extends string = string,
  Defaults extends AttributeDefaults = AttributeDefaults,
> extends RuleFacts<Input, Output, Defaults> {
  /**
   * Vector-Jacobian product: for each differentiable input a closure that adds the nodes of its gradient. A gradient may
   * have the *broadcast* shape of the output: the walker sums it back. Of several float outputs, those without an incoming
   * gradient come as zeros; integer outputs have none.
   */
  vjp(
    tensors: Tensors<Input | Output>,
    gradients: Tensors<Output>,
    attributes: Defaults,
    g: TypedOps,
    node: RuleNode,
  ): GradientClosures<Input>;
  /** Before the forward pass: replaces forms of the node that `vjp` does not take by others; undefined keeps the node. */
  rewrite?(
    tensors: Tensors<Input>,
    attributes: Defaults,
    g: TypedOps,
    node: Pick<RuleNode, 'inputs' | 'attributes'> & { outputCount: number },
  ): readonly (TypedValue | undefined)[] | undefined;
}

/** An operator that phase 3 replaces by others, which have gradients. */
export interface CompositeRule<
  Input extends string = string,
  Output extends string = string,
  Defaults extends AttributeDefaults = AttributeDefaults,
> extends RuleFacts<Input, Output, Defaults> {
  /** Adds the nodes that compute the outputs, in ONNX order. `outputCount`: how many the node has. */
  decompose(
    tensors: Tensors<Input>,
    attributes: Defaults,
    g: TypedOps,
    node: Pick<RuleNode, 'inputs' | 'attributes'> & { outputCount: number },
  ): readonly (TypedValue | undefined)[];
}

export type OperatorRule = GradientRule | CompositeRule;

/** Checks a rule's names against each other and gives it its type. */
export function defineGradient<const Input extends string, const Output extends string, Defaults extends AttributeDefaults>(
  rule: GradientRule<Input, Output, Defaults>,
): GradientRule<Input, Output, Defaults> {
  return rule;
}

/** The same for an operator that is a formula over others: its derivatives, of any order, are theirs. */
export function defineComposite<const Input extends string, const Output extends string, Defaults extends AttributeDefaults>(
  rule: CompositeRule<Input, Output, Defaults>,
): CompositeRule<Input, Output, Defaults> {
  return rule;
}
