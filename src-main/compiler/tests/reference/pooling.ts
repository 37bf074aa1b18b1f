import type { Operator } from './tensors.ts';

export const pooling: Readonly<Record<string, Operator>> = {};
