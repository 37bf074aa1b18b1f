import { expect, test } from 'vitest';
import type { AuditEntry } from '../../src-shared/rpc/audit.ts';
import { AuditPages, type AuditQuery } from './auditPages.ts';

function logOf(count: number) {
  const entries = Array.from({ length: count }, (_, index): AuditEntry => ({
    sequence: index + 1,
    at: index,
    actor: index % 3 === 0 ? 'ada' : 'li',
    shell: 'cli',
    action: 'a',
    subject: 's',
    details: {},
    hash: '',
  }));
  const queries: AuditQuery[] = [];
  const read = (query: AuditQuery) => {
    queries.push(query);
    const wanted = entries.filter(({ actor }) => query.filter === undefined || actor === query.filter).reverse();
    const after = wanted.filter(({ sequence }) => sequence < (query.before ?? Infinity));
    return Promise.resolve({ entries: after.slice(0, query.limit), total: wanted.length });
  };
  return { entries, read, queries };
}

test('a window far down is read with one query', async () => {
  const { read, queries } = logOf(50_000);
  const pages = new AuditPages(read, '');
  await pages.rows(0, 200);
  const { rows, total } = await pages.rows(40_000, 200);
  expect(total).toBe(50_000);
  expect(rows.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 200 }, (_, index) => 10_000 - index));
  expect(queries).toHaveLength(3);
});

test('behind a filter a jump reads on from the nearest known position, and lands on the right rows', async () => {
  const { read, entries } = logOf(9000);
  const pages = new AuditPages(read, 'ada');
  const all = entries.filter(({ actor }) => actor === 'ada').reverse();
  expect((await pages.rows(2600, 100)).rows).toEqual(all.slice(2600, 2700));
  expect((await pages.rows(1400, 100)).rows).toEqual(all.slice(1400, 1500));
  expect((await pages.rows(0, 50)).rows).toEqual(all.slice(0, 50));
});

test('entries written meanwhile do not move the rows', async () => {
  const { read, entries } = logOf(500);
  const pages = new AuditPages(read, '');
  const before = await pages.rows(200, 100);
  entries.push({ ...(entries[0] as AuditEntry), sequence: 501 });
  expect(await pages.rows(200, 100)).toEqual(before);
});

test('an empty log has no rows', async () => {
  const { read } = logOf(0);
  expect(await new AuditPages(read, '').rows(0, 200)).toEqual({ rows: [], total: 0 });
});
