import { isModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { symbolicShapes, type SymbolicType } from './2-shapes/symbolicShapes.ts';
import { fuseFor } from './5-emit/providers/byProvider.ts';
import { compileStep, compileTraining, type TrainingSettings } from './compileTraining.ts';
import type { Graph, Value } from './onnx/graph.ts';

export const phaseNames = ['1-parse', '2-shapes', '3-differentiate', '4-fuse', '5-emit'] as const;
export type PhaseName = (typeof phaseNames)[number];

export interface ExplainedPhase {
  readonly phase: PhaseName;
  readonly graph: Graph;
  /** Of phase 2: types of all values, open sizes by name. The other phases bind every size. */
  readonly types?: ReadonlyMap<string, SymbolicType>;
}

/**
 * The graph after each phase, in order; phase 2 changes none and shows the forward graph with what it finds. For people: `printGraph`
 * writes each as text.
 */
export function explainTraining(settings: TrainingSettings): readonly ExplainedPhase[] {
  const { target: _provider, ...asOnCpu } = settings;
  const { parsed, step } = compileStep(asOnCpu);
  return [
    { phase: '1-parse', graph: parsed.graph },
    { phase: '2-shapes', graph: settings.forward, types: typesOf(settings, step.graph.valueTypes) },
    { phase: '3-differentiate', graph: step.graph },
    { phase: '4-fuse', graph: fuseFor(step.graph, step.rowShares.dtype) },
    { phase: '5-emit', graph: compileTraining(settings).graph },
  ];
}

/** By name; bound where a model takes no sizes but its own (a window that fits one length). */
function typesOf(
  { forward, bindings = {} }: TrainingSettings,
  bound: ReadonlyMap<string, Value> = new Map(),
): ReadonlyMap<string, SymbolicType> {
  try {
    return symbolicShapes(forward, bindings);
  } catch (error) {
    if (!isModelkeepError(error)) throw error;
    const names = forward.nodes.flatMap(({ outputs }) => outputs);
    return new Map(
      names.flatMap((name): [string, SymbolicType][] => {
        const { dtype, shape } = bound.get(name) ?? {};
        return dtype && shape ? [[name, { dtype, shape }]] : [];
      }),
    );
  }
}
