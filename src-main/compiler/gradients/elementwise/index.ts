import { add } from './Add.ts';
import { div } from './Div.ts';
import { erf } from './Erf.ts';
import { exp } from './Exp.ts';
import { identity } from './Identity.ts';
import { log } from './Log.ts';
import { mul } from './Mul.ts';
import { neg } from './Neg.ts';
import { sqrt } from './Sqrt.ts';
import { sub } from './Sub.ts';

export const elementwise = {
  'Add@14': add,
  'Div@14': div,
  'Erf@13': erf,
  'Exp@13': exp,
  'Identity@21': identity,
  'Log@13': log,
  'Mul@14': mul,
  'Neg@13': neg,
  'Sqrt@13': sqrt,
  'Sub@14': sub,
};
