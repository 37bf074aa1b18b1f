import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { readInteger } from '../onnx/attributes.ts';
import type { Graph, GraphNode } from '../onnx/graph.ts';
import type { Target } from './providers/target.ts';

/**
 * Refuses forms that a provider runs wrongly, or not at all, before a session is made. MK_COMPILER_FORM_REFUSED names the
 * node. What only runs slowly (a node sent back to the CPU) is not refused.
 */
export function lint(graph: Graph, target: Target = { provider: 'cpu' }): void {
  for (const each of [...graph.inputs, ...graph.outputs]) {
    const reason = valueReason(each.dtype, graph.outputs.includes(each), target);
    if (reason) refuse(each.name, each.dtype, target, reason);
  }
  lintNodes(graph, target);
}

function lintNodes(graph: Graph, target: Target): void {
  for (const node of graph.nodes) {
    const rule = rules.find((each) => each.applies(node, target));
    if (rule) refuse(node.name || node.outputs.join(), node.opType, target, rule.reason);
    for (const each of Object.values(node.attributes)) if (each.kind === 'graph') lintNodes(each.value, target);
  }
}

interface Rule {
  readonly reason: string;
  applies(node: GraphNode, target: Target): boolean;
}

const rules: readonly Rule[] = [
  {
    // 16 of 30 runs gave wrong sums on two threads.
    reason: 'several threads add to the same row at once and lose sums; use ScatterElements or a one-hot product',
    applies: ({ domain, opType, attributes }, { threads }) =>
      domain === '' && opType === 'ScatterND' && text(attributes['reduction']) !== 'none' && threads !== 1,
  },
  {
    reason: 'the runtime has no kernel for the preview optimizers; the optimizer has to be ordinary operators',
    applies: ({ domain }) => domain === 'ai.onnx.preview.training',
  },
  {
    reason: 'blocked convolutions are internal to the CPU provider and need a probe of the block size',
    applies: ({ domain }, { provider, channelBlock }) => domain === 'com.microsoft.nchwc' && (provider !== 'cpu' || !channelBlock),
  },
  {
    reason: 'seeds inside a session are lost when a training resumes; random numbers have to be inputs',
    applies: ({ domain, opType }) => domain === '' && /^(RandomNormal|RandomUniform|Bernoulli|Multinomial)/.test(opType),
  },
  {
    reason: 'the provider gives no indices of maxima; compare the values with the maximum instead',
    applies: ({ domain, opType, outputs }, { provider }) =>
      domain === '' && opType === 'MaxPool' && provider === 'webgpu' && Boolean(outputs[1]),
  },
  {
    reason: 'the provider normalises with given statistics only; they have to be computed by ordinary operators',
    applies: ({ domain, opType, attributes }, { provider }) =>
      domain === '' && opType === 'BatchNormalization' && provider === 'webgpu' && readInteger(attributes, 'training_mode', 0) === 1,
  },
];

function valueReason(dtype: string, isOutput: boolean, { provider }: Target): string | undefined {
  if (dtype === 'float16') return 'the Node binding cannot pass float16 tensors; cast inside the graph';
  if (isOutput && provider === 'webgpu' && dtype !== 'float32')
    return 'the provider hands back float32 tensors only; cast before the output';
  return undefined;
}

function refuse(node: string, operator: string, { provider }: Target, reason: string): never {
  throw new ModelkeepError('MK_COMPILER_FORM_REFUSED', { node, operator, provider, reason });
}

function text(attribute: GraphNode['attributes'][string] | undefined): string {
  return attribute?.kind === 'string' ? attribute.value : 'none';
}
