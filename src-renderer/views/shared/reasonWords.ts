// Why rows are split as they are, and what else was noticed about a problem, in words.
import { coreWords } from '../../i18n/coreWords.ts';
import type { CoreParams } from '../../format/params.ts';

/** From this share of the variance on, answers of one group are told to be alike. */
const leastAlike = 0.05;

/** Groups are kept whole because their answers are alike, or because another column never changes within them: each has its sentence. */
export function reasonWords(code: string, params: CoreParams): string {
  const byColumn =
    code === 'groupedRows' && params['constant'] !== undefined && params['constant'] !== '' && Number(params['correlation']) < leastAlike;
  return coreWords('train:finding.', byColumn ? 'groupedRowsSame' : code, params);
}
