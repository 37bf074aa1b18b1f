import { affineGrid } from './AffineGrid.ts';
import { averagePool } from './AveragePool.ts';
import { globalAveragePool } from './GlobalAveragePool.ts';
import { globalLpPool } from './GlobalLpPool.ts';
import { globalMaxPool } from './GlobalMaxPool.ts';
import { gridSample } from './GridSample.ts';
import { lpPool } from './LpPool.ts';
import { maxPool } from './MaxPool.ts';
import { maxUnpool } from './MaxUnpool.ts';
import { resize } from './Resize.ts';

export const pooling = {
  'AffineGrid@20': affineGrid,
  'AveragePool@19': averagePool,
  'GlobalAveragePool@1': globalAveragePool,
  'GlobalLpPool@2': globalLpPool,
  'GlobalMaxPool@1': globalMaxPool,
  'GridSample@20': gridSample,
  'LpPool@18': lpPool,
  'MaxPool@12': maxPool,
  'MaxUnpool@11': maxUnpool,
  'Resize@19': resize,
};
