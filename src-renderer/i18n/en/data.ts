export const data = { title: 'x' } as const;
