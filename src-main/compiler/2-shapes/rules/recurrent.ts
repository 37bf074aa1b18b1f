import type { ShapeRule } from './shapeRule.ts';

export const recurrent = {} satisfies Record<string, ShapeRule>;
