import type { Rewrite } from '../defineRewrite.ts';
import { attentionRowSum } from './attentionRowSum.ts';
import { divisionByNumber } from './divisionByNumber.ts';
import { dropExpand } from './dropExpand.ts';
import { geluByErf } from './geluByErf.ts';
import { identities } from './identities.ts';
import { joinConstants } from './joinConstants.ts';
import { joinMoves } from './joinMoves.ts';
import { padsIntoConcat } from './padsIntoConcat.ts';
import { poolBeforeRelu } from './poolBeforeRelu.ts';
import { rowScaleThroughProduct } from './rowScaleThroughProduct.ts';
import { rowsAsMatrix } from './rowsAsMatrix.ts';
import { rowsByScatterND } from './rowsByScatterND.ts';
import { scaleIntoProduct } from './scaleIntoProduct.ts';
import { scaleOutwards } from './scaleOutwards.ts';
import { scaleThroughScatter } from './scaleThroughScatter.ts';
import { signByComparison } from './signByComparison.ts';
import { softmaxOnce } from './softmaxOnce.ts';
import { sumIntoScatter } from './sumIntoScatter.ts';
import { transposeIntoProduct } from './transposeIntoProduct.ts';

/** Rewrites that keep every bit: right for every provider and number type. */
export const exactRewrites: readonly Rewrite[] = [identities, joinMoves, dropExpand, poolBeforeRelu, padsIntoConcat];

/** Algebra up to rounding; with it FusedMatMul, which the providers have in float32. */
export const fastRewrites: readonly Rewrite[] = [
  divisionByNumber,
  joinConstants,
  geluByErf,
  transposeIntoProduct,
  scaleIntoProduct,
  rowScaleThroughProduct,
  scaleThroughScatter,
  attentionRowSum,
  softmaxOnce,
  signByComparison,
  scaleOutwards,
  sumIntoScatter,
];

/** Right only where a session has one thread. */
export const oneThreadRewrites: readonly Rewrite[] = [rowsByScatterND];

/** After all others: products that have a bias take no factor any more. */
export const lastRewrites: readonly Rewrite[] = [rowsAsMatrix];
