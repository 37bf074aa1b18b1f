import type { ErrorArea } from './area.ts';

export const adviseErrors = {
  MK_ADVISE_COLUMN_UNKNOWN: {
    http: 422,
    message: { en: '{dataset} version {version} has no column “{column}”.', zh: '{dataset} 版本 {version} 没有「{column}」列。' },
    hint: { en: 'Choose one of its columns: {columns}.', zh: '请选择其中一列：{columns}。' },
  },
  MK_ADVISE_COLUMN_TYPE: {
    http: 422,
    message: {
      en: 'Column “{column}” of {dataset} holds {found}; the {field} of a metric needs {expected}.',
      zh: '{dataset} 的「{column}」列类型为 {found}；指标的 {field} 需要 {expected}。',
    },
    hint: { en: 'Choose another column, or change its type in Data.', zh: '选择其他列，或在「数据」中更改其类型。' },
  },
  MK_ADVISE_METRIC_INCOMPLETE: {
    http: 422,
    message: { en: 'A metric by {aggregate} needs {field}.', zh: '按 {aggregate} 计算的指标需要 {field}。' },
    hint: { en: 'Fill it in and save again; nothing was changed.', zh: '填写后再次保存；没有任何改动。' },
  },
  MK_ADVISE_TOO_MANY_PERIODS: {
    http: 422,
    message: {
      en: 'Column “{column}” runs from {from} to {to}: {periods} periods of a {period}, at most {limit} can be analysed.',
      zh: '「{column}」列从 {from} 到 {to}：共 {periods} 个{period}，最多可分析 {limit} 个。',
    },
    hint: {
      en: 'A wrong date (year 1900, 9999) is the usual cause: correct it in the source, or choose a longer period.',
      zh: '常见原因是错误日期（如 1900 或 9999 年）：请在来源中改正，或选择更长的周期。',
    },
  },
  MK_ADVISE_NO_ROWS: {
    http: 422,
    message: {
      en: 'No row of {dataset} version {version} has a date in “{column}”.',
      zh: '{dataset} 版本 {version} 的「{column}」列没有任何日期。',
    },
    hint: { en: 'Choose another time column.', zh: '请选择其他时间列。' },
  },
  MK_ADVISE_DECIDED: {
    http: 409,
    message: { en: 'This advice was already {state} by {by}.', zh: '该建议已由 {by} 处理（{state}）。' },
    hint: { en: 'Reload the list.', zh: '重新加载列表。' },
  },
} satisfies ErrorArea;
