/**
 * Operators that a forward graph may use although nothing flows back through them: their outputs are integers, truth
 * values or step functions. By name with version; the value says why, in the words of error messages.
 */
export const withoutGradient: Readonly<Record<string, string>> = {
  'Greater@13': 'its output is a truth value',
  'GreaterOrEqual@16': 'its output is a truth value',
  'Equal@19': 'its output is a truth value',
  'Less@13': 'its output is a truth value',
  'LessOrEqual@16': 'its output is a truth value',
  'And@7': 'its output is a truth value',
  'Or@7': 'its output is a truth value',
  'Xor@7': 'its output is a truth value',
  'Not@1': 'its output is a truth value',
  'IsNaN@20': 'its output is a truth value',
  'IsInf@20': 'its output is a truth value',
  'Sign@13': 'it is a step function',
  'Floor@13': 'it is a step function',
  'Ceil@13': 'it is a step function',
  'Round@11': 'it is a step function',
  'BitShift@11': 'its output is an integer',
  'BitwiseAnd@18': 'its output is an integer',
  'BitwiseOr@18': 'its output is an integer',
  'BitwiseXor@18': 'its output is an integer',
  'BitwiseNot@18': 'its output is an integer',
  'ArgMax@13': 'its output is an index',
  'ArgMin@13': 'its output is an index',
  'Hardmax@13': 'it is a step function',
  'Shape@21': 'its output is an integer',
  'Size@21': 'its output is an integer',
  'ConstantOfShape@21': 'its output is constant',
  'Range@11': 'its output is constant',
  'EyeLike@9': 'its output is constant',
};
