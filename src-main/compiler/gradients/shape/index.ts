import { expand } from './Expand.ts';
import { flatten } from './Flatten.ts';
import { reshape } from './Reshape.ts';
import { transpose } from './Transpose.ts';

export const shape = {
  'Expand@13': expand,
  'Flatten@21': flatten,
  'Reshape@21': reshape,
  'Transpose@21': transpose,
};
