// Which columns of a diff are worth looking at.
import type { ColumnProfile, VersionDiff } from '../../../../src-shared/domain/table.ts';

export type ColumnDiff = VersionDiff['columns'][number];

export type Shift = 'none' | 'some' | 'large';

/** The usual rule of thumb for the population stability index; null where none applies. */
export function shiftOf(psi: number | null): Shift | null {
  return psi === null ? null : psi < 0.1 ? 'none' : psi < 0.2 ? 'some' : 'large';
}

export function isChanged({ change, psi }: Pick<ColumnDiff, 'change' | 'psi'>): boolean {
  return change !== 'same' || (shiftOf(psi) ?? 'none') !== 'none';
}

/** Schema changes first, then by the size of the shift; otherwise as they stand in the table. */
export function changedFirst(columns: readonly ColumnDiff[]): ColumnDiff[] {
  const weight = ({ change, psi }: ColumnDiff): number => (change === 'same' ? (psi ?? 0) : 1000);
  return columns.toSorted((a, b) => weight(b) - weight(a));
}

/** Missing values as a share of the rows; null where the column is not there. */
export function missingShare(missing: number | null, profile: ColumnProfile | null, rows: number): number | null {
  const count = missing ?? profile?.missing ?? null;
  return count === null || rows === 0 ? null : count / rows;
}
