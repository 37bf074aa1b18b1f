// A feature rule in words, and the rules that a column of a type can have.
import type { FeatureRule, FeatureSpec } from '../../../src-shared/domain/features.ts';
import { targetName } from '../../../src-shared/domain/target.ts';
import { fmt } from '../../format/fmt.svelte.ts';
import { t } from '../../i18n/i18n.svelte.ts';
import { preferences } from '../../app/preferences.svelte.ts';
import { textUnitOf } from './textUnits.ts';

export type RuleKind = FeatureRule['kind'];

/** `missing → median, scaled to mean 0, SD 1`. */
export function howWords(rule: FeatureRule): string {
  return parts(rule).join(preferences.language === 'zh' ? '，' : ', ');
}

function parts(rule: FeatureRule): string[] {
  switch (rule.kind) {
    case 'numeric':
      return [
        t(`features:how.numeric.${rule.impute}`),
        ...(rule.missingFlag ? [t('features:how.flag')] : []),
        ...(rule.transform === 'none' ? [] : [t(`features:how.${rule.transform}`)]),
        ...(rule.scale === 'none' ? [] : [t(`features:how.${rule.scale}`)]),
      ];
    case 'boolean':
      return [t('features:how.boolean')];
    case 'oneHot':
      return [t('features:how.oneHot', { maxValues: fmt.count(rule.maxValues), minCount: fmt.count(rule.minCount) })];
    case 'encoded':
      return [
        ...rule.encodings.map((each) => t(`features:how.encoded.${each}`, { buckets: fmt.count(rule.buckets) })),
        t('features:how.encoded.rare', { minCount: fmt.count(rule.minCount) }),
        ...(rule.maxCodes > 0 ? [t('features:how.encoded.codes', { maxCodes: fmt.count(rule.maxCodes) })] : []),
      ];
    case 'textNgrams': {
      const range = rule.minN === rule.maxN ? String(rule.minN) : `${rule.minN}–${rule.maxN}`;
      const values = { range, maxFeatures: fmt.count(rule.maxFeatures) };
      return [
        t(`features:how.text.${textUnitOf(rule)}`, values),
        t(`features:how.${rule.weighting}`),
        ...(rule.sublinear ? [t('features:how.sublinear')] : []),
        ...(rule.components === undefined ? [] : [t('features:how.components', { n: fmt.count(rule.components) })]),
      ];
    }
    case 'datetime':
      return [
        ...rule.parts.map((part) => t(`features:how.part.${part}`)),
        ...(rule.since ?? []).map((column) => t('features:how.since', { column })),
      ];
    case 'imagePixels':
      return [
        t('features:how.pixels', {
          width: rule.width,
          height: rule.height,
          channels: rule.channels === 1 ? t('features:how.grey') : t('features:how.colour'),
        }),
      ];
    case 'drop':
      return [t(`features:reason.${rule.reason}`)];
  }
}

export function targetWords(target: FeatureSpec['target']): string {
  switch (target.kind) {
    case 'labels':
      return t('features:target.labels', { labelSet: target.labelSet, version: target.version });
    case 'ranking':
      return t('features:target.ranking', { column: target.column, group: target.group });
    default:
      return targetName(target);
  }
}

export function taskWords({ task, classes }: Pick<FeatureSpec, 'task' | 'classes'>): string {
  return task === 'multiclass' || task === 'multilabel'
    ? t(`features:task.${task}`, { n: fmt.count(classes.length) })
    : t(`features:task.${task}`);
}

export function usedCount(rules: readonly FeatureRule[]): number {
  return rules.filter(({ kind }) => kind !== 'drop').length;
}
