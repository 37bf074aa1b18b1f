// The real churn sample in three parts that share no row: the first export, a later and larger one, and the customers who come after it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { churnRows, type Row } from '../support/fillWorkspace.ts';

/** Rows of the two exports; the second holds the first. */
export const firstRows = 800;
export const laterRows = 6000;
const callers = 600;

/** Writes `customers.csv` as it was after so many rows. */
export function writeExport(folder: string, rows: number): string {
  const lines = readFileSync(join(import.meta.dirname, '../../resources/samples/churn/churn.csv'), 'utf8')
    .trimEnd()
    .split(/\r?\n/);
  const file = join(folder, `customers-${rows}.csv`);
  writeFileSync(file, `${lines.slice(0, rows + 1).join('\n')}\n`);
  return file;
}

/** Customers of no export, and what became of them. */
export function laterCustomers(): { rows: Row[]; answers: string[] } {
  const { rows, answers } = churnRows();
  return { rows: rows.slice(laterRows, laterRows + callers), answers: answers.slice(laterRows, laterRows + callers) };
}

/** Four of ten lose their monthly charge: the billing system stopped to send it. */
export function withoutCharges(rows: readonly Row[]): Row[] {
  return rows.map((row, index) => (index % 5 < 2 ? { ...row, monthly_charges: null } : row));
}
