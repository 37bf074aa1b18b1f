import { logSoftmax } from './LogSoftmax.ts';
import { relu } from './Relu.ts';
import { sigmoid } from './Sigmoid.ts';
import { softmax } from './Softmax.ts';
import { tanh } from './Tanh.ts';

export const activation = {
  'LogSoftmax@13': logSoftmax,
  'Relu@14': relu,
  'Sigmoid@13': sigmoid,
  'Softmax@13': softmax,
  'Tanh@13': tanh,
};
