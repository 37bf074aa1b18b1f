import type { QuantizationKind, QuantizationReport } from '../../../src-shared/domain/modelVariant.ts';
import type { Estimate, VersionRef } from '../../../src-shared/domain/names.ts';
import type { Candidate, Reference, Run } from '../../../src-shared/domain/training.ts';
import type { Result } from '../../../src-shared/rpc/contract.ts';

/** Fall of the primary metric on the test rows when the column's values are permuted. */
export interface ColumnImportance {
  column: string;
  drop: Estimate;
}

/** What the registry needs from training, and no more. */
export interface TrainedCandidates {
  /** Throws MK_NOT_FOUND. `all` are the candidates of the run, for the figures of the card. */
  candidate(candidateId: string): { candidate: Candidate; run: Run; all: Candidate[] };
  /** Distributions of the training rows; null where a run kept none. */
  reference(candidateId: string): Promise<Reference | null>;
  importance(candidateId: string): ColumnImportance[];
}

/** One side of a comparison: the model and what it was trained on. */
export interface ComparedModel {
  sha256: string;
  candidateId: string;
  runId: string;
  dataset: VersionRef;
}

export type PairedResult = Pick<Result<'registry.compare'>, 'rows' | 'metrics' | 'answersChanged' | 'note'>;

/** Both models answer the same rows; supplied by training. */
export interface PairedScoring {
  compare(a: ComparedModel, b: ComparedModel): Promise<PairedResult>;
}

/** A version's model in 8-bit integers, put among the blobs and measured; supplied by training. */
export interface Quantizing {
  quantize(
    model: Pick<ComparedModel, 'sha256' | 'runId'>,
    asked: { kind: QuantizationKind; sample: string | null },
  ): Promise<QuantizationReport & { sha256: string }>;
}
