export const label = { title: '甲' } satisfies Record<string, string>;
