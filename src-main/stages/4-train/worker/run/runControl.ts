import type { CandidateAdded, CandidateNews, PointNews, Prepared } from '../order.ts';
import type { Candidate } from './Candidate.ts';

/** What a run hears from outside and tells. */
export interface RunControl {
  /** Someone asked to stop: what is there is finished and given. */
  stopAsked(): boolean;
  /** Someone asked to wait. */
  paused(): boolean;
  /** The parent no longer wants any answer. */
  signal: AbortSignal;
  /** Where the search stands, after a fit. */
  progress(candidates: readonly Candidate[], last: Candidate): void;
  emit(event: 'prepared', data: Prepared): void;
  emit(event: 'added', data: CandidateAdded): void;
  emit(event: 'candidate', data: CandidateNews): void;
  emit(event: 'point', data: PointNews): void;
}
