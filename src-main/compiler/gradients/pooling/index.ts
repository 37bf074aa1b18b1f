export const pooling = {};
