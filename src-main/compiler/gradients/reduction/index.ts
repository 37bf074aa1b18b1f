import { reduceMean } from './ReduceMean.ts';
import { reduceSum } from './ReduceSum.ts';

export const reduction = {
  'ReduceMean@18': reduceMean,
  'ReduceSum@13': reduceSum,
};
