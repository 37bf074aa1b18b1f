// How a Field tells the control inside it what it is called, what helps and what is wrong.
import { getContext, setContext } from 'svelte';

export interface FieldContext {
  readonly id: string;
  readonly describedBy: string | undefined;
  readonly invalid: boolean;
  readonly labelId: string;
}

const key = Symbol('field');

export function provideField(context: FieldContext): void {
  setContext(key, context);
}

/** The surrounding Field, if any. */
export function useField(): FieldContext | undefined {
  return getContext<FieldContext | undefined>(key);
}
