import { batchNormalization } from './BatchNormalization.ts';
import { clip } from './Clip.ts';
import type { OperatorUpgrade } from './defineUpgrade.ts';
import { dft } from './DFT.ts';
import { dropout } from './Dropout.ts';
import { gridSample } from './GridSample.ts';
import { groupNormalization } from './GroupNormalization.ts';
import { pad } from './Pad.ts';
import { reduce } from './reduce.ts';
import { reduceSum } from './ReduceSum.ts';
import { resize } from './Resize.ts';
import { roiAlign } from './RoiAlign.ts';
import { scan } from './Scan.ts';
import { scatter } from './Scatter.ts';
import { slice } from './Slice.ts';
import { hardmax, logSoftmax, softmax } from './Softmax.ts';
import { split } from './Split.ts';
import { squeeze } from './Squeeze.ts';
import { topK } from './TopK.ts';
import { unsqueeze } from './Unsqueeze.ts';
import { upsample } from './Upsample.ts';

/** Opsets that can be read, and ours. Versions 22 and 23 of operators that we know differ only in the types they admit. */
export const opsetRange = { oldest: 7, ours: 21, newest: 23 };

/**
 * Operators whose inputs, attributes or meaning changed between opset 7 and 21. Every other change in between admitted more
 * element types or added an attribute or input whose default is the old behaviour.
 */
export const upgrades: Readonly<Record<string, OperatorUpgrade>> = {
  BatchNormalization: batchNormalization,
  Clip: clip,
  DFT: dft,
  Dropout: dropout,
  GridSample: gridSample,
  GroupNormalization: groupNormalization,
  Hardmax: hardmax,
  LogSoftmax: logSoftmax,
  Pad: pad,
  ...reduce,
  ReduceSum: reduceSum,
  Resize: resize,
  RoiAlign: roiAlign,
  Scan: scan,
  Scatter: scatter,
  Slice: slice,
  Softmax: softmax,
  Split: split,
  Squeeze: squeeze,
  TopK: topK,
  Unsqueeze: unsqueeze,
  Upsample: upsample,
};
