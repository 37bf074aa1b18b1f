import type { ShapeRule } from './shapeRule.ts';

export const pooling = {} satisfies Record<string, ShapeRule>;
