import type { ShapeRule } from './shapeRule.ts';

export const convolution = {} satisfies Record<string, ShapeRule>;
