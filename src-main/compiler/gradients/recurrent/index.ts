import { gru } from './GRU.ts';
import { lstm } from './LSTM.ts';
import { rnn } from './RNN.ts';

export const recurrent = {
  'LSTM@14': lstm,
  'GRU@14': gru,
  'RNN@14': rnn,
};
