import { attention as attentionRule } from './Attention.ts';
import { microsoftAttention } from './MicrosoftAttention.ts';
import { microsoftRotaryEmbedding } from './MicrosoftRotaryEmbedding.ts';
import { multiHeadAttention } from './MultiHeadAttention.ts';
import { rotaryEmbedding } from './RotaryEmbedding.ts';

export const attention = {
  'Attention@23': attentionRule,
  'RotaryEmbedding@23': rotaryEmbedding,
  'com.microsoft.Attention@1': microsoftAttention,
  'com.microsoft.MultiHeadAttention@1': multiHeadAttention,
  'com.microsoft.RotaryEmbedding@1': microsoftRotaryEmbedding,
};
