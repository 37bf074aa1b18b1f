import { describe, expect, it } from 'vitest';
import { einsumEquation } from './einsumEquation.ts';

describe('Einsum equations', () => {
  it('orders the implicit output by alphabet, capitals first, behind the ellipsis', () => {
    expect(
      einsumEquation('ib, ba', [
        [2, 3],
        [3, 4],
      ]).output,
    ).toEqual(['a', 'i']);
    expect(einsumEquation('...bA', [[5, 6, 2, 3]]).output).toEqual(['.1', '.0', 'A', 'b']);
    expect(einsumEquation('ii', [[3, 3]]).output).toEqual([]);
  });

  it('broadcasts size 1, and a shorter ellipsis from its end', () => {
    const { output, sizes } = einsumEquation('...i,...i->...', [
      [7, 1, 3],
      [5, 3],
    ]);
    expect(output.map((label) => sizes.get(label))).toEqual([7, 5]);
  });

  it('keeps the name of a size that only the run knows', () => {
    const { output, sizes } = einsumEquation('nij,jk->nik', [
      ['N', 2, 3],
      [3, 4],
    ]);
    expect(output.map((label) => sizes.get(label))).toEqual(['N', 2, 4]);
  });

  it('names what does not fit', () => {
    const shapes = [
      [2, 3],
      [4, 5],
    ];
    expect(() => einsumEquation('ij,jk->ik', shapes)).toThrow('"j" in "ij,jk->ik" is 3 and 4');
    expect(() => einsumEquation('ij->i', shapes)).toThrow('1 terms for 2 inputs');
    expect(() => einsumEquation('ijk,lm->i', shapes)).toThrow('does not fit an input of rank 2');
    expect(() => einsumEquation('ij,kl->x', shapes)).toThrow('"x" in the output');
    expect(() => einsumEquation('ij,kl->ii', shapes)).toThrow('repeats a letter');
    expect(() => einsumEquation('i1,kl->i', shapes)).toThrow('not a term');
  });
});
