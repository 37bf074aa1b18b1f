export const train = { title: '甲' } satisfies Record<string, string>;
