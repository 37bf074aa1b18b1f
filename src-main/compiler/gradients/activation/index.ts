import { biasGelu } from './BiasGelu.ts';
import { celu } from './Celu.ts';
import { elu } from './Elu.ts';
import { fastGelu } from './FastGelu.ts';
import { gelu } from './Gelu.ts';
import { hardSigmoid } from './HardSigmoid.ts';
import { hardSwish } from './HardSwish.ts';
import { leakyRelu } from './LeakyRelu.ts';
import { logSoftmax } from './LogSoftmax.ts';
import { microsoftGelu } from './MicrosoftGelu.ts';
import { mish } from './Mish.ts';
import { pRelu } from './PRelu.ts';
import { quickGelu } from './QuickGelu.ts';
import { relu } from './Relu.ts';
import { selu } from './Selu.ts';
import { shrink } from './Shrink.ts';
import { sigmoid } from './Sigmoid.ts';
import { softmax } from './Softmax.ts';
import { softplus } from './Softplus.ts';
import { softsign } from './Softsign.ts';
import { swish } from './Swish.ts';
import { tanh } from './Tanh.ts';
import { thresholdedRelu } from './ThresholdedRelu.ts';

export const activation = {
  'Celu@12': celu,
  'Elu@6': elu,
  'Gelu@20': gelu,
  'HardSigmoid@6': hardSigmoid,
  'HardSwish@14': hardSwish,
  'LeakyRelu@16': leakyRelu,
  'LogSoftmax@13': logSoftmax,
  'Mish@18': mish,
  'PRelu@16': pRelu,
  'Relu@14': relu,
  'Selu@6': selu,
  'Shrink@9': shrink,
  'Sigmoid@13': sigmoid,
  'Softmax@13': softmax,
  'Softplus@1': softplus,
  'Softsign@1': softsign,
  'Swish@24': swish,
  'Tanh@13': tanh,
  'ThresholdedRelu@10': thresholdedRelu,
  'com.microsoft.BiasGelu@1': biasGelu,
  'com.microsoft.FastGelu@1': fastGelu,
  'com.microsoft.Gelu@1': microsoftGelu,
  'com.microsoft.QuickGelu@1': quickGelu,
};
