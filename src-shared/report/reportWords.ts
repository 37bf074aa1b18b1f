// Names and figures of a report, in both languages. The interface has the same names; a test holds the two together.
import type { Estimate } from '../domain/names.ts';
import { hasOwnScale, type Candidate, type Learner, type MetricName } from '../domain/training.ts';
import type { Language } from '../errors/catalogue.ts';

export const learnerNames: Record<Learner, Record<Language, string>> = {
  baseline: { en: 'Baseline', zh: '基线' },
  linear: { en: 'Linear', zh: '线性' },
  bayes: { en: 'Naive Bayes', zh: '朴素贝叶斯' },
  nearest: { en: 'Nearest neighbours', zh: '最近邻' },
  rules: { en: 'Rules', zh: '规则' },
  boosting: { en: 'Boosted trees', zh: '提升树' },
  forest: { en: 'Random forest', zh: '随机森林' },
  extraTrees: { en: 'Extra trees', zh: '极端随机树' },
  mlp: { en: 'Neural net', zh: '神经网络' },
  network: { en: 'Tabular net', zh: '表格网络' },
  ensemble: { en: 'Ensemble', zh: '集成' },
};

const metricNames: Partial<Record<MetricName, Record<Language, string>>> = {
  accuracy: { en: 'Accuracy', zh: '准确率' },
  auc: { en: 'AUC', zh: 'AUC' },
  f1: { en: 'F1', zh: 'F1' },
  logLoss: { en: 'Log loss', zh: '对数损失' },
  rmse: { en: 'RMSE', zh: 'RMSE' },
  mae: { en: 'Mean error', zh: '平均误差' },
  r2: { en: 'R²', zh: 'R²' },
};

export class ReportWords {
  readonly language: Language;
  constructor(language: Language) {
    this.language = language;
  }

  /** The sentence of the language. */
  say(en: string, zh: string): string {
    return this.language === 'zh' ? zh : en;
  }

  list(parts: readonly string[]): string {
    return parts.join(this.say(', ', '、'));
  }

  learner(learner: Learner): string {
    return learnerNames[learner][this.language];
  }

  /** `Neural net 3`; a learner that stands alone has no number, and what learned from another candidate a name of its own. */
  candidate(all: readonly Candidate[], { id, learner, progress }: Pick<Candidate, 'id' | 'learner' | 'progress'>): string {
    if (progress?.origin.kind === 'distilled') return this.say('Small model', '小模型');
    const kin = all.filter((each) => each.learner === learner && each.progress?.origin.kind !== 'distilled');
    const name = this.learner(learner);
    return kin.length < 2 ? name : `${name} ${kin.findIndex((each) => each.id === id) + 1}`;
  }

  metric(metric: MetricName): string {
    return metricNames[metric]?.[this.language] ?? metric.replaceAll(/([a-z])([A-Z0-9])/g, '$1 $2').toLowerCase();
  }

  value(metric: MetricName, value: number): string {
    const text = hasOwnScale(metric) ? value.toLocaleString('en', { maximumSignificantDigits: 4 }) : value.toFixed(3);
    return text.replace('-', '−');
  }

  /** `0.861 (0.840 to 0.882)` */
  interval(metric: MetricName, { value, low, high }: Pick<Estimate, 'value' | 'low' | 'high'>): string {
    const shown = this.value(metric, value);
    if (low === null || high === null) return shown;
    const [from, to] = [this.value(metric, low), this.value(metric, high)];
    return this.say(`${shown} (${from} to ${to})`, `${shown}（${from} 至 ${to}）`);
  }

  count(value: number): string {
    return value.toLocaleString('en', { maximumFractionDigits: 0 });
  }

  percent(share: number): string {
    return `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)}%`;
  }

  /** A figure without a scale of its own, three digits. */
  figure(value: number): string {
    return value.toLocaleString('en', { maximumSignificantDigits: 3 }).replace('-', '−');
  }

  /** A share that was measured, with a decimal: `90.3%`. */
  share(share: number): string {
    return `${(share * 100).toFixed(1)}%`;
  }

  /** `40 s`, `12 min 41 s`, `2 h 5 min` */
  duration(ms: number): string {
    const [h, min, s] = this.language === 'zh' ? ['小时', '分', '秒'] : ['h', 'min', 's'];
    const seconds = Math.max(0, Math.round(ms / 1000));
    const two = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
      small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
    if (seconds < 60) return `${seconds} ${s}`;
    if (seconds < 3600) return two(Math.floor(seconds / 60), min!, seconds % 60, s!);
    return two(Math.floor(seconds / 3600), h!, Math.floor(seconds / 60) % 60, min!);
  }
}
