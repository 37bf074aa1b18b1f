import { cumSum } from './CumSum.ts';
import { reduceL1 } from './ReduceL1.ts';
import { reduceL2 } from './ReduceL2.ts';
import { reduceLogSum } from './ReduceLogSum.ts';
import { reduceLogSumExp } from './ReduceLogSumExp.ts';
import { reduceMax } from './ReduceMax.ts';
import { reduceMean } from './ReduceMean.ts';
import { reduceMin } from './ReduceMin.ts';
import { reduceProd } from './ReduceProd.ts';
import { reduceSum } from './ReduceSum.ts';
import { reduceSumSquare } from './ReduceSumSquare.ts';

export const reduction = {
  'CumSum@14': cumSum,
  'ReduceL1@18': reduceL1,
  'ReduceL2@18': reduceL2,
  'ReduceLogSum@18': reduceLogSum,
  'ReduceLogSumExp@18': reduceLogSumExp,
  'ReduceMax@20': reduceMax,
  'ReduceMean@18': reduceMean,
  'ReduceMin@20': reduceMin,
  'ReduceProd@18': reduceProd,
  'ReduceSum@13': reduceSum,
  'ReduceSumSquare@18': reduceSumSquare,
};
