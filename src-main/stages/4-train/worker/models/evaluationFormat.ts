/** Changes whenever a stored evaluation would come out otherwise: it is then made again. */
export const evaluationFormat = 1;
