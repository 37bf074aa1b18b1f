import type { Operator } from './tensors.ts';

export const normalisation: Readonly<Record<string, Operator>> = {};
