import { parseForward } from './1-parse/parseForward.ts';
import { differentiate } from './3-differentiate/differentiate.ts';
import { fuseFor } from './5-emit/providers/byProvider.ts';
import { compileTraining, type TrainingSettings } from './compileTraining.ts';
import { lossOf } from './losses/index.ts';
import type { Graph } from './onnx/graph.ts';

export const phaseNames = ['1-parse', '3-differentiate', '4-fuse', '5-emit'] as const;
export type PhaseName = (typeof phaseNames)[number];

/** The graph after each phase that changes it (phase 2 finds shapes on the way), in order. For people: `printGraph` writes each as text. */
export function explainTraining(settings: TrainingSettings): readonly { readonly phase: PhaseName; readonly graph: Graph }[] {
  const parsed = parseForward(settings.forward, settings, settings.privacy ? 1 : settings.batchSize);
  const step = differentiate(parsed, lossOf(settings.loss));
  return [
    { phase: '1-parse', graph: parsed.graph },
    { phase: '3-differentiate', graph: step.graph },
    { phase: '4-fuse', graph: fuseFor(step.graph, step.rowShares.dtype) },
    { phase: '5-emit', graph: compileTraining(settings).graph },
  ];
}
