export const control = {};
