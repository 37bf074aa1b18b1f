import { expect, test } from 'vitest';
import { findRoute, formatHash, matchRoute, parseHash } from './routes.ts';

test('an address survives the way through the hash, whatever the names are', () => {
  const hash = formatHash(['data', '客户 50%/a?b', 'v3'], { tab: 'rows', row: 12, none: undefined });
  const { segments, query } = parseHash(hash);
  expect(segments).toEqual(['data', '客户 50%/a?b', 'v3']);
  expect(Object.fromEntries(query)).toEqual({ tab: 'rows', row: '12' });
});

test('an empty or broken hash is the first page or plain text, never an exception', () => {
  expect(parseHash('').segments).toEqual([]);
  expect(parseHash('#/data/%E0%A4%A').segments).toEqual(['data', '%E0%A4%A']);
});

test('patterns bind values, with a fixed beginning if they have one', () => {
  expect(matchRoute('/data/:name/v:version', ['data', 'churn', 'v3'])).toEqual({ name: 'churn', version: '3' });
  expect(matchRoute('/data/:name/v:version', ['data', 'churn', '3'])).toBeNull();
  expect(matchRoute('/data/:name/v:version', ['data', 'churn', 'v'])).toBeNull();
  expect(matchRoute('/data', ['data', 'churn'])).toBeNull();
  expect(matchRoute('/', [])).toEqual({});
});

test('a literal route wins over a bound one, whatever the order in the table', () => {
  const routes = [{ route: '/train/:run' }, { route: '/train/segments' }];
  expect(findRoute(routes, ['train', 'segments'])?.view.route).toBe('/train/segments');
  expect(findRoute(routes, ['train', '219'])).toEqual({ view: routes[0], params: { run: '219' } });
  expect(findRoute(routes, ['serve'])).toBeNull();
});
