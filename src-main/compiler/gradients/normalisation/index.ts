import { batchNormalization } from './BatchNormalization.ts';
import { groupNormalization } from './GroupNormalization.ts';
import { instanceNormalization } from './InstanceNormalization.ts';
import { layerNormalization } from './LayerNormalization.ts';
import { lpNormalization } from './LpNormalization.ts';
import { lrn } from './LRN.ts';
import { meanVarianceNormalization } from './MeanVarianceNormalization.ts';
import { rmsNormalization } from './RMSNormalization.ts';
import { simplifiedLayerNormalization } from './SimplifiedLayerNormalization.ts';
import { skipLayerNormalization } from './SkipLayerNormalization.ts';
import { skipSimplifiedLayerNormalization } from './SkipSimplifiedLayerNormalization.ts';

export const normalisation = {
  'BatchNormalization@15': batchNormalization,
  'GroupNormalization@21': groupNormalization,
  'InstanceNormalization@6': instanceNormalization,
  'LayerNormalization@17': layerNormalization,
  'LpNormalization@1': lpNormalization,
  'LRN@13': lrn,
  'MeanVarianceNormalization@13': meanVarianceNormalization,
  'RMSNormalization@23': rmsNormalization,
  'SimplifiedLayerNormalization@1': simplifiedLayerNormalization,
  'com.microsoft.SkipLayerNormalization@1': skipLayerNormalization,
  'com.microsoft.SkipSimplifiedLayerNormalization@1': skipSimplifiedLayerNormalization,
};
