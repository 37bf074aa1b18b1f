import type { BatchAugmentation, RowArray } from '../../../compiler/index.ts';
import type { PipelinePartSettings } from './PipelinePart.ts';

/** What a thread is started with. */
export interface PipelineThreadData {
  readonly part: Omit<PipelinePartSettings, 'stopped'>;
  readonly batch: readonly BatchAugmentation[];
  /** Not 0 once everything should end. */
  readonly stop: Int32Array<SharedArrayBuffer>;
}

/** Arrays are shared: threads write into them. */
export type ToPipelineThread =
  | {
      readonly kind: 'load';
      readonly rows: Int32Array;
      readonly fileRows: Int32Array;
      readonly into: Readonly<Record<string, RowArray>>;
      readonly key: number;
    }
  | { readonly kind: 'augment'; readonly into: Readonly<Record<string, RowArray>>; readonly rows: number; readonly key: number }
  | { readonly kind: 'stop' };

export type FromPipelineThread =
  | { readonly kind: 'ready'; readonly rowCount: number }
  | { readonly kind: 'done' }
  | {
      readonly kind: 'failed';
      readonly code?: string;
      readonly params?: Record<string, string | number | boolean>;
      readonly reason: string;
    };
