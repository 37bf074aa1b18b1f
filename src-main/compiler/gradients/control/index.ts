import { scan } from './Scan.ts';

export const control = {
  'Scan@21': scan,
};
