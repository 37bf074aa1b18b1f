import { z } from 'zod';

/** A node of a graph as people look at it. */
export const graphNodeView = z.object({
  /** Unique in its graph. */
  id: z.string(),
  /** 'MatMul', 'com.microsoft.FusedMatMul'. */
  operator: z.string(),
  inputs: z.array(z.string()),
  outputs: z.array(z.object({ name: z.string(), type: z.string() })),
  /** 'transA=1, alpha=0.5'. */
  attributes: z.string(),
  /** The node whose body this one is in; null at the top. */
  parent: z.string().nullable(),
});
export type GraphNodeView = z.infer<typeof graphNodeView>;

export const graphView = z.object({
  inputs: z.array(z.object({ name: z.string(), type: z.string() })),
  outputs: z.array(z.object({ name: z.string(), type: z.string() })),
  /** Constants with their first elements as text. */
  constants: z.array(z.object({ name: z.string(), type: z.string(), elements: z.string() })),
  nodes: z.array(graphNodeView),
  /** The whole graph as text. */
  text: z.string(),
});
export type GraphView = z.infer<typeof graphView>;

/** Where the time of a training step goes, by operator, most first. */
export const operatorTime = z.object({
  operator: z.string(),
  /** Calls in one step. */
  calls: z.number(),
  /** Milliseconds in one step. */
  ms: z.number(),
  /** Of all operators' time, 0 to 1. */
  share: z.number(),
});
export type OperatorTime = z.infer<typeof operatorTime>;

/** What the training compiler made of a candidate's network. */
export const trainingGraph = z.object({
  batchSize: z.number().int(),
  parameterCount: z.number().int(),
  phases: z.array(z.object({ phase: z.enum(['1-parse', '2-shapes', '3-differentiate', '4-fuse', '5-emit']), graph: graphView })),
  /** Measured on this machine with random rows of the same shape. */
  profile: z.object({
    /** One step by the clock, without profiling. */
    stepMs: z.number(),
    steps: z.number().int(),
    operators: z.array(operatorTime),
    /** Bytes: weights and optimizer state that go in and come out of a step, and the most that lives at once inside one. */
    weightBytes: z.number().int(),
    stateBytes: z.number().int(),
    activationBytes: z.number().int(),
  }),
});
export type TrainingGraph = z.infer<typeof trainingGraph>;
