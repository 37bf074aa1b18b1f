// Counts in the rail: only what needs this person. Red is for something broken, violet for a proposal.
import type { AreaId } from '../frame/areas.ts';
import { jobs } from './jobs.svelte.ts';
import { system } from './system.svelte.ts';

export interface RailBadge {
  count: number;
  tone: 'calm' | 'crit' | 'note';
}

/** The badge of one area; null when nothing there needs anybody. */
export function badgeOf(area: AreaId): RailBadge | null {
  if (area === 'jobs') return orNull(jobs.active.length, 'calm');
  const today = system.today.value;
  if (!today) return null;
  const { counts, inbox } = today;
  switch (area) {
    case 'today':
      return orNull(inbox.length, inbox.some(({ severity }) => severity === 'critical') ? 'crit' : 'calm');
    case 'label':
      return orNull(counts.toLabel, 'calm');
    case 'monitor':
      return orNull(counts.alerts, 'crit');
    case 'learn':
      return orNull(counts.proposals, 'note');
    case 'advise':
      return orNull(counts.advice, 'calm');
    default:
      return null;
  }
}

function orNull(count: number, tone: RailBadge['tone']): RailBadge | null {
  return count > 0 ? { count, tone } : null;
}
