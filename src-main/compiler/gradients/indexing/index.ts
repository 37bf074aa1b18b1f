export const indexing = {};
