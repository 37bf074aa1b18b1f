// Addresses: `#/data/churn/v3?tab=rows`. Pure, so that matching can be tested.

export interface Address {
  /** Decoded: `['data', 'churn', 'v3']`. */
  segments: string[];
  query: URLSearchParams;
}

export function parseHash(hash: string): Address {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  return { segments: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(search) };
}

/** `formatHash(['data', 'churn', 'v3'], { tab: 'rows' })` is `#/data/churn/v3?tab=rows`. */
export function formatHash(segments: readonly (string | number)[], query: Record<string, string | number | undefined> = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]));
  const search = pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : '';
  return `#/${segments.map((segment) => encodeURIComponent(segment)).join('/')}${search}`;
}

/** The values of a pattern such as `/data/:name/v:version`, or null when it does not fit. A value is never empty. */
export function matchRoute(pattern: string, segments: readonly string[]): Record<string, string> | null {
  const parts = pattern.split('/').filter(Boolean);
  if (parts.length !== segments.length) return null;
  const values: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const given = segments[index] ?? '';
    const [, prefix = part, name] = /^([^:]*):(\w+)$/.exec(part) ?? [];
    if (name === undefined ? given !== prefix : !given.startsWith(prefix) || given === prefix) return null;
    if (name !== undefined) values[name] = given.slice(prefix.length);
  }
  return values;
}

/** The route that fits, the most literal first: `/train/segments` before `/train/:run`. */
export function findRoute<R extends { route: string }>(
  routes: readonly R[],
  segments: readonly string[],
): { view: R; params: Record<string, string> } | null {
  const literals = (route: string): number => route.split('/').filter((part) => part && !part.includes(':')).length;
  for (const view of [...routes].sort((a, b) => literals(b.route) - literals(a.route))) {
    const params = matchRoute(view.route, segments);
    if (params) return { view, params };
  }
  return null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
