export const features = { title: 'x' } as const;
