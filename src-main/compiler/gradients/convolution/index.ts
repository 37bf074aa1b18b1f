import { col2Im } from './Col2Im.ts';
import { conv } from './Conv.ts';
import { convTranspose } from './ConvTranspose.ts';

export const convolution = {
  'Col2Im@18': col2Im,
  'Conv@11': conv,
  'ConvTranspose@11': convTranspose,
};
