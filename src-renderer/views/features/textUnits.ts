// What is counted in a text, as one choice: unit and kind of words together.
import type { FeatureRule } from '../../../src-shared/domain/features.ts';

type TextRule = Extract<FeatureRule, { kind: 'textNgrams' }>;

export const textUnits = ['word', 'jieba', 'character'] as const;
export type TextUnit = (typeof textUnits)[number];

export function textUnitOf({ unit, words }: TextRule): TextUnit {
  return unit === 'word' && words === 'jieba' ? 'jieba' : unit;
}

export function withTextUnit(rule: TextRule, unit: TextUnit): TextRule {
  return unit === 'jieba' ? { ...rule, unit: 'word', words: 'jieba' } : { ...rule, unit, words: 'unicode' };
}
