import { attributeToInput, type OperatorUpgrade } from './defineUpgrade.ts';

const changes = [attributeToInput(18, 'axes')];
const operator = (name: string): OperatorUpgrade => ({ source: `https://onnx.ai/onnx/operators/onnx__${name}.html`, changes });

/** Every reduction but ReduceSum, which came first: axes became an input in opset 18. */
export const reduce = {
  ReduceL1: operator('ReduceL1'),
  ReduceL2: operator('ReduceL2'),
  ReduceLogSum: operator('ReduceLogSum'),
  ReduceLogSumExp: operator('ReduceLogSumExp'),
  ReduceMax: operator('ReduceMax'),
  ReduceMean: operator('ReduceMean'),
  ReduceMin: operator('ReduceMin'),
  ReduceProd: operator('ReduceProd'),
  ReduceSumSquare: operator('ReduceSumSquare'),
};
