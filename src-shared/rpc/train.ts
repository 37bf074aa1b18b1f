import { z } from 'zod';
import {
  answerScale,
  columnEffect,
  columnLimit,
  costs,
  counterfactuals,
  evaluation,
  rowChoice,
  rowReasons,
  thresholdAdvice,
} from '../domain/evaluation.ts';
import { candidate, metrics, pairedMetric, run, trainRequest } from '../domain/training.ts';
import { trainingGraph } from '../domain/trainingGraph.ts';

export const train = {
  'train.start': { params: trainRequest, result: z.object({ runId: z.string(), jobId: z.string() }) },
  /** Newest first, without curves. */
  'train.list': {
    params: z.strictObject({ dataset: z.string().optional(), limit: z.number().int().min(1).max(500).default(100) }),
    result: z.array(run.extend({ best: candidate.nullable() })),
  },
  /** What the compiler made of a candidate's network, phase by phase, and a measured profile; takes a second or two. */
  'train.graph': { params: z.strictObject({ candidateId: z.string() }), result: trainingGraph },
  /** What the test rows say about a finished candidate: all metrics, curves, residuals, slices. The first time takes seconds. */
  'train.evaluation': { params: z.strictObject({ candidateId: z.string() }), result: evaluation },
  /** Where to cut the probability of a class by what outcomes cost; advice, predictions stay as they are. */
  'train.threshold': {
    params: z.strictObject({ candidateId: z.string(), costs, class: z.string().optional() }),
    result: thresholdAdvice,
  },
  /** What each column adds to the answer to one row. */
  'train.explainRow': {
    params: z.strictObject({
      candidateId: z.string(),
      choice: rowChoice,
      class: z.string().optional(),
      scale: answerScale.default('answer'),
    }),
    result: rowReasons,
  },
  /** What the answer does when one column changes. */
  'train.effect': {
    params: z.strictObject({ candidateId: z.string(), column: z.string(), class: z.string().optional() }),
    result: columnEffect,
  },
  /** The smallest changes of a row that bring its answer where it is wanted; of classes by default across one half. */
  'train.counterfactual': {
    params: z.strictObject({
      candidateId: z.string(),
      choice: rowChoice,
      class: z.string().optional(),
      wanted: z.strictObject({ min: z.number().nullable(), max: z.number().nullable() }).optional(),
      /** Columns that may change; absent: every one. */
      limits: z.array(columnLimit).min(1).optional(),
      mostChanges: z.number().int().min(1).max(6).default(3),
    }),
    result: counterfactuals,
  },
  /** Two finished candidates on the same test rows, none of which either learned from where that can be had: metrics of each and b − a. */
  'train.compare': {
    params: z.strictObject({ a: z.string(), b: z.string() }),
    result: z.object({
      rows: z.number().int(),
      metrics: z.array(pairedMetric),
      answersChanged: z.number().int(),
      note: z.string(),
    }),
  },
  /** What a finished candidate of another run, such as a champion, reaches on the test rows of this one, also while it goes on. */
  'train.judge': {
    params: z.strictObject({ candidateId: z.string(), runId: z.string() }),
    result: z.object({ rows: z.number().int(), metrics, note: z.enum(['unseenTestRows', 'testRowsSeen']) }),
  },
  'train.get': {
    params: z.strictObject({ runId: z.string() }),
    /** `paused`, `addedMs` and `elapsedMs` (of its budget; pauses do not count) are of a run that is going on. */
    result: run.extend({
      candidates: z.array(candidate),
      paused: z.boolean(),
      addedMs: z.number(),
      elapsedMs: z.number().nullable(),
    }),
  },
  /** What a running search should do: wait or go on, take more time, finish with the best so far. */
  'train.steer': {
    params: z.strictObject({
      runId: z.string(),
      pause: z.boolean().optional(),
      addMs: z.number().int().min(1000).max(86_400_000).optional(),
      finish: z.literal(true).optional(),
    }),
    result: z.object({ paused: z.boolean(), addedMs: z.number() }),
  },
};
