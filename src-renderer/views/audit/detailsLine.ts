// Details of an entry, as they are read.

/** Details in one line: `rows 6,043, format csv`; long ids are shortened, the whole stands beside. */
export function detailsLine(details: Record<string, unknown>): string {
  return Object.entries(details)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name} ${short(value)}`)
    .join(' · ');
}

/** As JSON with two spaces, for reading. */
export function detailsWhole(details: Record<string, unknown>): string {
  return JSON.stringify(details, null, 2);
}

const shownLength = 40;

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 8)}…` : text.length > shownLength ? `${text.slice(0, shownLength - 1)}…` : text;
}
