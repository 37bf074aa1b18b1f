import { centerCropPad } from './CenterCropPad.ts';
import { concat } from './Concat.ts';
import { constant } from './Constant.ts';
import { depthToSpace } from './DepthToSpace.ts';
import { expand } from './Expand.ts';
import { flatten } from './Flatten.ts';
import { pad } from './Pad.ts';
import { reshape } from './Reshape.ts';
import { reverseSequence } from './ReverseSequence.ts';
import { slice } from './Slice.ts';
import { spaceToDepth } from './SpaceToDepth.ts';
import { split } from './Split.ts';
import { squeeze } from './Squeeze.ts';
import { tile } from './Tile.ts';
import { transpose } from './Transpose.ts';
import { trilu } from './Trilu.ts';
import { unsqueeze } from './Unsqueeze.ts';

export const shape = {
  'CenterCropPad@18': centerCropPad,
  'Concat@13': concat,
  'Constant@21': constant,
  'DepthToSpace@13': depthToSpace,
  'Expand@13': expand,
  'Flatten@21': flatten,
  'Pad@21': pad,
  'Reshape@21': reshape,
  'ReverseSequence@10': reverseSequence,
  'Slice@13': slice,
  'SpaceToDepth@13': spaceToDepth,
  'Split@18': split,
  'Squeeze@21': squeeze,
  'Tile@13': tile,
  'Transpose@21': transpose,
  'Trilu@14': trilu,
  'Unsqueeze@21': unsqueeze,
};
