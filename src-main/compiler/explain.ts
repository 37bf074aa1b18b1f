import { fuseFor } from './5-emit/providers/byProvider.ts';
import { compileStep, compileTraining, type TrainingSettings } from './compileTraining.ts';
import type { Graph } from './onnx/graph.ts';

export const phaseNames = ['1-parse', '3-differentiate', '4-fuse', '5-emit'] as const;
export type PhaseName = (typeof phaseNames)[number];

/** The graph after each phase that changes it (phase 2 finds shapes on the way), in order. For people: `printGraph` writes each as text. */
export function explainTraining(settings: TrainingSettings): readonly { readonly phase: PhaseName; readonly graph: Graph }[] {
  const { target: _provider, ...asOnCpu } = settings;
  const { parsed, step } = compileStep(asOnCpu);
  return [
    { phase: '1-parse', graph: parsed.graph },
    { phase: '3-differentiate', graph: step.graph },
    { phase: '4-fuse', graph: fuseFor(step.graph, step.rowShares.dtype) },
    { phase: '5-emit', graph: compileTraining(settings).graph },
  ];
}
