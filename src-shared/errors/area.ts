/** Text in both languages; `{name}` is replaced by the parameter of that name. */
export interface Bilingual {
  en: string;
  zh: string;
}

export interface ErrorDefinition {
  http: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 422 | 429 | 499 | 500 | 503 | 504 | 507;
  /** What happened and where. */
  message: Bilingual;
  /** What an offline operator can do next. */
  hint: Bilingual;
}

export type ErrorArea = Record<`MK_${string}`, ErrorDefinition>;
