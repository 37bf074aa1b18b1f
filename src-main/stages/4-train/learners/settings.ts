/** As they are drawn, kept, and shown to people. */
export type SettingValue = number | string | boolean | number[];
export type Settings = Record<string, SettingValue>;
