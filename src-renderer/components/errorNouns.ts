/** The core names things in English in `params.what`; a Chinese message must not hold an English noun. An unlisted one stays. */
const chineseNouns: Record<string, string> = {
  advice: '建议',
  alert: '告警',
  alias: '别名',
  candidate: '候选',
  'candidate of run': '运行的候选',
  column: '列',
  cycle: '循环',
  dataset: '数据集',
  'dataset version': '数据集版本',
  endpoint: '端点',
  'feature spec': '特征规格',
  'feature spec of run': '运行的特征规格',
  file: '文件',
  job: '任务',
  key: '按键',
  label: '标签',
  'label set': '标注集',
  'label version': '标注版本',
  metric: '指标',
  model: '模型',
  'model version': '模型版本',
  name: '名称',
  request: '请求',
  run: '运行',
  sample: '示例',
  version: '版本',
};

export function nounIn(language: 'en' | 'zh', noun: string): string {
  return language === 'zh' ? (chineseNouns[noun] ?? noun) : noun;
}

/** What an endpoint expected or found, as it describes it (values that a caller sent stand in quotes and are left alone). */
const chineseKinds: Record<string, string> = {
  'a number': '数字',
  'an integer': '整数',
  'an integer from 0 to 255': '0 至 255 的整数',
  text: '文本',
  'true or false': 'true 或 false',
  'a date (ISO 8601)': '日期（ISO 8601）',
  nothing: '空',
  'an object': '对象',
  'an empty array': '空数组',
  'a missing value': '缺失值',
};

export function kindIn(language: 'en' | 'zh', kind: string): string {
  if (language !== 'zh') return kind;
  const [, length] = /^an array of (\d+)$/.exec(kind) ?? [];
  return length === undefined ? (chineseKinds[kind] ?? kind) : `${length} 个元素的数组`;
}
