// Types that make a misspelt key or a forgotten value a compile error.

type WithoutPlural<K extends string> = K extends `${infer Base}_${'one' | 'other'}` ? Base : K;

/** `frame:rail.data`, from `{ frame: { 'rail.data': '…' } }`; the plural forms `x_one` and `x_other` are asked for as `x`. */
export type KeyOf<R> = { [N in keyof R & string]: `${N}:${WithoutPlural<keyof R[N] & string>}` }[keyof R & string];

type TextOf<R, K> = K extends `${infer N}:${infer Name}`
  ? N extends keyof R
    ? Name extends keyof R[N]
      ? R[N][Name]
      : `${Name}_other` extends keyof R[N]
        ? R[N][`${Name}_other`] | '{{count}}'
        : never
    : never
  : never;

type Placeholder<S> = S extends `${string}{{${infer P}}}${infer Rest}` ? P | Placeholder<Rest> : never;

/** The values a text needs, by the names between double braces. A plural text always needs `count`. */
export type ValuesOf<R, K> = [Placeholder<TextOf<R, K>>] extends [never]
  ? []
  : [values: { [P in Placeholder<TextOf<R, K>>]: P extends 'count' ? number : string | number }];

/** What a translation of `T` must hold: the same keys; `_one` may be absent, since Chinese has one form. */
export type Translation<T> = { [K in keyof T as K extends `${string}_one` ? never : K]: string } & {
  [K in keyof T as K extends `${string}_one` ? K : never]?: string;
};
