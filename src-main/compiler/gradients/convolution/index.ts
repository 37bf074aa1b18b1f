import { conv } from './Conv.ts';
import { convTranspose } from './ConvTranspose.ts';

export const convolution = {
  'Conv@11': conv,
  'ConvTranspose@11': convTranspose,
};
