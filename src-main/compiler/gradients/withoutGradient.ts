/**
 * Operators that a forward graph may use although nothing flows back through them: their outputs are integers, truth
 * values or step functions. By name with version; the value says why, in the words of error messages.
 */
export const withoutGradient: Readonly<Record<string, string>> = {
  'Greater@13': 'its output is a truth value',
  'GreaterOrEqual@16': 'its output is a truth value',
};
