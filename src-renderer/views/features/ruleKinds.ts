// Which rules fit a column, and what a rule starts with when a person chooses it.
import type { FeatureRule } from '../../../src-shared/domain/features.ts';
import type { ColumnType } from '../../../src-shared/domain/table.ts';

type RuleKind = FeatureRule['kind'];

const kindsOf: Record<ColumnType, readonly RuleKind[]> = {
  integer: ['numeric', 'oneHot', 'drop'],
  number: ['numeric', 'drop'],
  boolean: ['boolean', 'oneHot', 'drop'],
  category: ['oneHot', 'encoded', 'textNgrams', 'drop'],
  text: ['textNgrams', 'oneHot', 'encoded', 'drop'],
  date: ['datetime', 'drop'],
  timestamp: ['datetime', 'drop'],
  identifier: ['oneHot', 'encoded', 'textNgrams', 'drop'],
  image: ['imagePixels', 'drop'],
};

export function kindsFor(type: ColumnType): readonly RuleKind[] {
  return kindsOf[type];
}

/** Sensible settings for a rule that a person chose; `proposed` is kept where it already is of this kind. */
export function defaultRule(column: string, kind: RuleKind, proposed: FeatureRule | undefined, type: ColumnType): FeatureRule {
  if (proposed?.kind === kind) return proposed;
  switch (kind) {
    case 'numeric':
      return { column, kind, impute: 'median', missingFlag: true, scale: 'standard', transform: 'none' };
    case 'boolean':
      return { column, kind };
    case 'oneHot':
      return { column, kind, maxValues: 50, minCount: 2 };
    case 'encoded':
      return { column, kind, encodings: ['target', 'frequency'], smoothing: 10, buckets: 32, minCount: 2, maxCodes: 1000 };
    case 'textNgrams':
      return { column, kind, unit: 'word', minN: 1, maxN: 2, maxFeatures: 2000, weighting: 'tfidf' };
    case 'datetime':
      return { column, kind, parts: type === 'timestamp' ? ['age', 'dayOfWeek', 'month', 'hour'] : ['age', 'dayOfWeek', 'month'] };
    case 'imagePixels':
      return { column, kind, width: 28, height: 28, channels: 1 };
    case 'drop':
      return { column, kind, reason: 'user' };
  }
}
