import type { Operator } from './tensors.ts';

export const attention: Readonly<Record<string, Operator>> = {};
