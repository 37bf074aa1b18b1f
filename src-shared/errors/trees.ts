import type { ErrorArea } from './area.ts';

export const treesErrors = {
  MK_TREES_FILE_BROKEN: {
    http: 422,
    message: {
      en: 'The {format} model cannot be read: {what} at {where}.',
      zh: '无法读取 {format} 模型：{where} 处 {what}。',
    },
    hint: {
      en: 'The file may be cut off, or not what its name says. Save the model again: LightGBM by save_model to text, XGBoost by save_model to .json.',
      zh: '文件可能不完整，或并非该格式。请重新保存模型：LightGBM 用 save_model 保存为文本，XGBoost 用 save_model 保存为 .json。',
    },
  },
  MK_TREES_FILE_UNSUPPORTED: {
    http: 422,
    message: { en: 'The {format} model uses {what}, which cannot be taken over.', zh: '该 {format} 模型使用了 {what}，无法导入。' },
    hint: {
      en: 'Train the model again without it, or train here on the same data: the result can then be explained and served alike.',
      zh: '请在不使用该功能的情况下重新训练，或在此用相同数据训练，之后即可同样解释和部署。',
    },
  },
  MK_TREES_EXPORT_TOO_LARGE: {
    http: 422,
    message: {
      en: 'As TreeEnsembleRegressor (ai.onnx.ml {opset}) the trees take {nodes} nodes, of which at most {limit} can be written.',
      zh: '以 TreeEnsembleRegressor（ai.onnx.ml {opset}）导出时，树共有 {nodes} 个节点，最多可写入 {limit} 个。',
    },
    hint: {
      en: 'Export for ai.onnx.ml 5, where a set of categories is one node; or group rare categories before training.',
      zh: '请导出为 ai.onnx.ml 5，其中一个类别集合只占一个节点；或在训练前合并稀有类别。',
    },
  },
  MK_TREES_MEMORY_EXCEEDED: {
    http: 507,
    message: {
      en: 'Growing these trees needs {neededMb} MB in one memory; {limitMb} MB are possible or free.',
      zh: '训练这些树需要 {neededMb} MB 连续内存；可用上限为 {limitMb} MB。',
    },
    hint: {
      en: 'Train on a sample of the rows, with fewer columns, or with fewer leaves.',
      zh: '请用部分行、更少的列或更少的叶子训练。',
    },
  },
  MK_TREES_THREAD_LOST: {
    http: 500,
    message: { en: 'Thread {thread} of the tree trainer failed or no longer answers.', zh: '树训练器的线程 {thread} 失败或不再响应。' },
    hint: {
      en: 'The machine may be out of memory. Train again, with fewer threads if it recurs.',
      zh: '可能是内存不足。请重新训练；如再次出现，请减少线程数。',
    },
  },
  MK_TREES_GRADIENTS_NOT_FINITE: {
    http: 422,
    message: {
      en: 'Round {round}: the objective "{objective}" gave gradients that are not finite.',
      zh: '第 {round} 轮：目标函数“{objective}”给出了非有限的梯度。',
    },
    hint: {
      en: 'Look for very large values in the target, or lower the learning rate.',
      zh: '请检查目标列中是否有极大的值，或降低学习率。',
    },
  },
  MK_TREES_INPUT_INVALID: {
    http: 422,
    message: { en: 'Trees cannot be grown: {what}.', zh: '无法训练树模型：{what}。' },
    hint: { en: 'Correct the data or the setting and start again.', zh: '请更正数据或设置后重新开始。' },
  },
} satisfies ErrorArea;
