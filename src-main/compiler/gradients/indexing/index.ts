import { gather } from './Gather.ts';
import { gatherElements } from './GatherElements.ts';
import { gatherNd } from './GatherND.ts';
import { oneHot } from './OneHot.ts';
import { scatterElements } from './ScatterElements.ts';
import { scatterNd } from './ScatterND.ts';
import { topK } from './TopK.ts';

export const indexing = {
  'Gather@13': gather,
  'GatherElements@13': gatherElements,
  'GatherND@13': gatherNd,
  'OneHot@11': oneHot,
  'ScatterElements@18': scatterElements,
  'ScatterND@18': scatterNd,
  'TopK@11': topK,
};
