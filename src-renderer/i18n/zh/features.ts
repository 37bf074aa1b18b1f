export const features = { title: '甲' } satisfies Record<string, string>;
