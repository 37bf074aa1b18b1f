import { averagePool } from './AveragePool.ts';
import { globalAveragePool } from './GlobalAveragePool.ts';
import { globalLpPool } from './GlobalLpPool.ts';
import { globalMaxPool } from './GlobalMaxPool.ts';
import { lpPool } from './LpPool.ts';
import { maxPool } from './MaxPool.ts';
import { maxUnpool } from './MaxUnpool.ts';

export const pooling = {
  'AveragePool@19': averagePool,
  'GlobalAveragePool@1': globalAveragePool,
  'GlobalLpPool@2': globalLpPool,
  'GlobalMaxPool@1': globalMaxPool,
  'LpPool@18': lpPool,
  'MaxPool@12': maxPool,
  'MaxUnpool@11': maxUnpool,
};
