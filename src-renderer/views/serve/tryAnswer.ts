// The body that the endpoint answered with, read defensively: it is whatever came over HTTP.
import { z } from 'zod';

const answerSchema = z.object({
  predictions: z
    .array(
      z.object({
        prediction: z.union([z.string(), z.number(), z.array(z.string())]),
        probabilities: z.record(z.string(), z.number()).optional(),
      }),
    )
    .min(1),
});
const warningSchema = z.object({ field: z.string(), code: z.string(), found: z.string(), expected: z.string() });
const errorSchema = z.object({ error: z.looseObject({ code: z.string() }) });

export interface FirstAnswer {
  /** Of several labels the names of those that the row has. */
  prediction: string | number | string[];
  probabilities?: Record<string, number> | undefined;
}

export function firstAnswer(body: unknown): FirstAnswer | null {
  const read = answerSchema.safeParse(body);
  return read.success ? (read.data.predictions[0] ?? null) : null;
}

export function warningsOf(body: unknown): z.infer<typeof warningSchema>[] {
  const read = z.object({ warnings: z.array(warningSchema) }).safeParse(body);
  return read.success ? read.data.warnings : [];
}

/** The refusal as code and figures, as ErrorBlock takes it; the endpoint puts the figures beside the code. */
export function errorOf(body: unknown): { code: string; params: Record<string, string | number | boolean> } | null {
  const read = errorSchema.safeParse(body);
  if (!read.success) return null;
  const { code, message: _message, hint: _hint, ...rest } = read.data.error;
  const params = Object.fromEntries(
    Object.entries(rest).filter((entry): entry is [string, string | number | boolean] =>
      ['string', 'number', 'boolean'].includes(typeof entry[1]),
    ),
  );
  return { code, params };
}
