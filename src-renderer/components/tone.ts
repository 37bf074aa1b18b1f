/** What a colour says. Never alone: a word or an icon stands with it. */
export type Tone = 'ok' | 'watch' | 'crit' | 'calm' | 'note' | 'accent';

/** Status of an object, with its fixed icon: see StatusChip. */
export type Status = 'ok' | 'watch' | 'crit' | 'running' | 'proposal' | 'stale' | 'neutral';

/** Role of a series or mark; the same look everywhere. */
export type DataRole = 'cur' | 'chal' | 'ref' | 'shadow' | 'null';
