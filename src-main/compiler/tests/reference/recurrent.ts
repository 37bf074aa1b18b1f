import type { Operator } from './tensors.ts';

export const recurrent: Readonly<Record<string, Operator>> = {};
