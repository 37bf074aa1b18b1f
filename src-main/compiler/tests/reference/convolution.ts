import type { Operator } from './tensors.ts';

export const convolution: Readonly<Record<string, Operator>> = {};
