import type { TypedOps, TypedValue } from '../2-shapes/typedOps.ts';
import type { Attributes } from '../onnx/graph.ts';

/** Tensors by the operator's own input and output names. An input that the node leaves out is absent. */
export type Tensors<Name extends string> = Readonly<Record<Name, TypedValue>>;
export type AttributeDefaults = Readonly<Record<string, number | readonly number[] | undefined>>;

/** One point where the gradient test compares the rule with finite differences. */
export interface GradientSample<Name extends string = string> {
  /** Shapes of the float inputs. */
  inputs: Partial<Record<Name, readonly number[]>>;
  /** Integer inputs such as axes or a target shape, given as constants. */
  constants?: Partial<Record<Name, readonly number[]>>;
  attributes?: Attributes;
  /** Values are drawn from here; default −2 to 2. Keep away from kinks: a central difference across one measures neither side. */
  domain?: readonly [low: number, high: number];
  /** Smallest |x| drawn. */
  awayFromZero?: number;
}

/** A point where the formula could overflow or has a corner: the gradient must be finite and, where given, this. */
export interface SpecialPoint<Name extends string = string> {
  inputs: Partial<Record<Name, { shape: readonly number[]; values: readonly number[] }>>;
  attributes?: Attributes;
  /** Incoming gradient; default ones. */
  cotangent?: readonly number[];
  gradients: Partial<Record<Name, readonly number[]>>;
}

export interface GradientRule<
  Input extends string = string,
  Output extends string = string,
  Defaults extends AttributeDefaults = AttributeDefaults,
> {
  /** As ONNX spells it. */
  readonly opType: string;
  /** Version of the operator that the rule was written for: the newest one at opset 21. */
  readonly sinceVersion: number;
  /** The page of the operator, and of the formula when it is not elementary. */
  readonly source: string;
  readonly formula: string;
  /** Names in ONNX order. */
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
  readonly attributes: Defaults;
  /**
   * Vector-Jacobian product: for each differentiable input a closure that adds the nodes of its gradient. Only closures
   * that are needed are called. A gradient may have the *broadcast* shape of the output: the walker sums it back.
   */
  vjp(
    tensors: Tensors<Input | Output>,
    gradients: Tensors<Output>,
    attributes: Defaults,
    g: TypedOps,
  ): Partial<Record<Input, () => TypedValue>>;
  readonly samples: readonly GradientSample<Input>[];
  readonly specialPoints: readonly SpecialPoint<Input>[];
}

/** Checks a rule's names against each other and gives it its type. */
export function defineGradient<const Input extends string, const Output extends string, Defaults extends AttributeDefaults>(
  rule: GradientRule<Input, Output, Defaults>,
): GradientRule<Input, Output, Defaults> {
  return rule;
}
