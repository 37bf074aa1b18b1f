export const recurrent = {};
