export const train = { title: 'x' } as const;
