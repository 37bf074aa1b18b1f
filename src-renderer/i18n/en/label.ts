export const label = { title: 'x' } as const;
