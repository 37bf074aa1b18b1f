import type { TypedValue } from '../../2-shapes/typedOps.ts';

/** Adds its nodes at the first call alone, for closures of several inputs that share their gradient. */
export function once(add: () => TypedValue): () => TypedValue {
  let added: TypedValue | undefined;
  return () => (added ??= add());
}
