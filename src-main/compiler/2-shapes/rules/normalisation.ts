import type { ShapeRule } from './shapeRule.ts';

export const normalisation = {} satisfies Record<string, ShapeRule>;
