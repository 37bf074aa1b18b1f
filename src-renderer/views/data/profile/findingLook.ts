import type { ColumnProfile } from '../../../../src-shared/domain/table.ts';
import type { Status, Tone } from '../../../components/tone.ts';

type Severity = ColumnProfile['findings'][number]['severity'];

export const statusOf: Record<Severity, Status> = { note: 'neutral', watch: 'watch', critical: 'crit' };
export const toneOf: Record<Severity, Tone> = { note: 'calm', watch: 'watch', critical: 'crit' };
