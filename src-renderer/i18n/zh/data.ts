export const data = { title: '甲' } satisfies Record<string, string>;
