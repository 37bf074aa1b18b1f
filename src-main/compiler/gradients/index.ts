import { activation } from './activation/index.ts';
import { attention } from './attention/index.ts';
import { control } from './control/index.ts';
import { convolution } from './convolution/index.ts';
import type { CompositeRule, GradientRule, OperatorRule } from './defineGradient.ts';
import { elementwise } from './elementwise/index.ts';
import { indexing } from './indexing/index.ts';
import { loss } from './loss/index.ts';
import { normalisation } from './normalisation/index.ts';
import { pooling } from './pooling/index.ts';
import { product } from './product/index.ts';
import { recurrent } from './recurrent/index.ts';
import { reduction } from './reduction/index.ts';
import { shape } from './shape/index.ts';
import { withoutGradient } from './withoutGradient.ts';

/** Every operator that can be trained through, `Op@sinceVersion`, by family. */
export const families = {
  elementwise,
  activation,
  reduction,
  shape,
  indexing,
  product,
  convolution,
  pooling,
  normalisation,
  attention,
  recurrent,
  control,
  loss,
} satisfies Record<string, Record<string, unknown>>;

/** All rules by `Op@sinceVersion`, their name types forgotten. */
export const gradients: Readonly<Record<string, OperatorRule>> = Object.fromEntries(
  Object.values(families).flatMap((family) => Object.entries(family) as unknown as [string, OperatorRule][]),
);

const byOperator: ReadonlyMap<string, OperatorRule> = new Map(
  Object.values(gradients).map((rule) => [operatorKey(rule.domain ?? '', rule.opType), rule]),
);
const blocked = new Set(Object.keys(withoutGradient).map((key) => key.slice(0, key.indexOf('@'))));

/** 'Conv', or with its domain 'com.microsoft.Gelu'. */
export function operatorKey(domain: string, opType: string): string {
  return domain === '' ? opType : `${domain}.${opType}`;
}

/** The vector-Jacobian rule of an operator key. */
export function gradientOf(operator: string): GradientRule | undefined {
  const rule = byOperator.get(operator);
  return rule && 'vjp' in rule ? rule : undefined;
}

/** The decomposition of an operator key into operators that have rules. */
export function compositeOf(operator: string): CompositeRule | undefined {
  const rule = byOperator.get(operator);
  return rule && 'decompose' in rule ? rule : undefined;
}

/** Whether nothing flows back through the operator, by its nature: comparisons, integers, step functions. */
export function isBlocked(operator: string): boolean {
  return blocked.has(operator);
}

/** Whether a forward graph may use the operator. */
export function isSupported(operator: string): boolean {
  return byOperator.has(operator) || blocked.has(operator);
}
