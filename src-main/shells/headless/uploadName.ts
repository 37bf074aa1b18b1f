const longestBytes = 120;
const deepest = 5;
/** Names that Windows gives to devices, with any ending. */
const devices = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** A harmless relative path for a file that a browser sends as `name`, which may contain folders (`cats/1.png`): its segments, the file last.
 *  No segment climbs out, names a device, hides, or is longer than 120 bytes; the ending is kept, because formats are told by it too. */
export function uploadPath(name: string): string[] {
  const segments = name.split(/[/\\]+/).filter((segment) => segment !== '' && segment !== '.');
  const safe = segments.slice(-deepest).map(safeSegment);
  return safe.length > 0 ? safe : ['file'];
}

function safeSegment(segment: string): string {
  const cleaned = segment
    .normalize('NFC')
    // Control characters, direction marks that disguise an ending, and what file systems forbid.
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"|?*]/g, '_')
    .replace(/^[. ]+/, '_')
    .replace(/[. ]+$/, '');
  const named = devices.test(cleaned) ? `_${cleaned}` : cleaned;
  return shorten(named) || 'file';
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= longestBytes) return name;
  const dot = name.lastIndexOf('.');
  const ending = dot > 0 && name.length - dot <= 12 ? name.slice(dot) : '';
  let stem = ending ? name.slice(0, dot) : name;
  // By whole characters: half of one would not be a name everywhere.
  while (Buffer.byteLength(stem + ending) > longestBytes) stem = [...stem].slice(0, -1).join('');
  return stem + ending;
}
