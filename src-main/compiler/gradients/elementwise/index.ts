import { abs } from './Abs.ts';
import { acos } from './Acos.ts';
import { acosh } from './Acosh.ts';
import { add } from './Add.ts';
import { asin } from './Asin.ts';
import { asinh } from './Asinh.ts';
import { atan } from './Atan.ts';
import { atanh } from './Atanh.ts';
import { cast } from './Cast.ts';
import { castLike } from './CastLike.ts';
import { clip } from './Clip.ts';
import { cos } from './Cos.ts';
import { cosh } from './Cosh.ts';
import { dequantizeLinear } from './DequantizeLinear.ts';
import { div } from './Div.ts';
import { erf } from './Erf.ts';
import { exp } from './Exp.ts';
import { identity } from './Identity.ts';
import { log } from './Log.ts';
import { max } from './Max.ts';
import { mean } from './Mean.ts';
import { min } from './Min.ts';
import { mod } from './Mod.ts';
import { mul } from './Mul.ts';
import { neg } from './Neg.ts';
import { pow } from './Pow.ts';
import { reciprocal } from './Reciprocal.ts';
import { sin } from './Sin.ts';
import { sinh } from './Sinh.ts';
import { sqrt } from './Sqrt.ts';
import { sub } from './Sub.ts';
import { sum } from './Sum.ts';
import { tan } from './Tan.ts';
import { where } from './Where.ts';

export const elementwise = {
  'Abs@13': abs,
  'Acos@7': acos,
  'Acosh@9': acosh,
  'Add@14': add,
  'Asin@7': asin,
  'Asinh@9': asinh,
  'Atan@7': atan,
  'Atanh@9': atanh,
  'Cast@21': cast,
  'CastLike@21': castLike,
  'Clip@13': clip,
  'Cos@7': cos,
  'Cosh@9': cosh,
  'DequantizeLinear@21': dequantizeLinear,
  'Div@14': div,
  'Erf@13': erf,
  'Exp@13': exp,
  'Identity@21': identity,
  'Log@13': log,
  'Max@13': max,
  'Mean@13': mean,
  'Min@13': min,
  'Mod@13': mod,
  'Mul@14': mul,
  'Neg@13': neg,
  'Pow@15': pow,
  'Reciprocal@13': reciprocal,
  'Sin@7': sin,
  'Sinh@9': sinh,
  'Sqrt@13': sqrt,
  'Sub@14': sub,
  'Sum@13': sum,
  'Tan@7': tan,
  'Where@16': where,
};
