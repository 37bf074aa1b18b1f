import type { ShapeRule } from './shapeRule.ts';

export const attention = {} satisfies Record<string, ShapeRule>;
