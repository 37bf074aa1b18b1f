// What serving needs of the registry, which stands below it; `flows` joins the two.
import type { ModelSignature } from '../../../src-shared/domain/features.ts';
import type { MetricName, Metrics } from '../../../src-shared/domain/training.ts';
import type { Caller } from '../../../src-shared/rpc/contract.ts';

export interface ServableVersion {
  model: string;
  version: number;
  /** Blob of the ONNX file. */
  sha256: string;
  path: string;
  signature: ModelSignature;
  /** Blob of the reference distribution (JSON); null for a version without one. */
  reference: { sha256: string; path: string } | null;
  primaryMetric: MetricName;
  test: Metrics;
}

export interface ModelResolver {
  /** What the alias points at now. Error: MK_NOT_FOUND. */
  resolve(model: string, alias: string): ServableVersion;
  /** Error: MK_NOT_FOUND. */
  version(model: string, version: number): ServableVersion;
  /** Moves the alias in the registry, which calls `ServeService.onAliasMoved` for every endpoint that follows it before it resolves. */
  moveAlias(move: { model: string; alias: string; version: number; reason: string }, caller: Caller): Promise<void>;
}
