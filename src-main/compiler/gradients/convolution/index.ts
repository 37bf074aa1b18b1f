export const convolution = {};
