export const normalisation = {};
