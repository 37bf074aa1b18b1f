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
} satisfies ErrorArea;
