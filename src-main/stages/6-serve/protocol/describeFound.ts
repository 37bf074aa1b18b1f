/** What was sent, short enough for a message: `"12个月"`, `an array`, `true`. */
export function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') {
    const points = Array.from(value.slice(0, 48));
    return JSON.stringify(points.length > 40 || value.length > 48 ? `${points.slice(0, 40).join('')}…` : value);
  }
  return String(value);
}
