// What the gateway says about itself and its models.
import { describeHistory } from '../../../../src-shared/domain/describeHistory.ts';
import type { ModelToServe } from '../wire/messages.ts';
import { datatypeOf } from '../protocol/datatypes.ts';
import type { EndpointReport } from './servedEndpoint.ts';

/** https://github.com/kserve/open-inference-protocol: server metadata. */
export const serverFacts = {
  name: 'modelkeep',
  version: '1',
  extensions: ['binary_tensor_data', 'model_configuration', 'model_repository', 'statistics'],
};
export const platform = 'onnxruntime_onnx';

/** Model metadata of the protocol. The model of the protocol is our endpoint: it keeps its name when the version behind it changes. */
export function modelMetadata({ endpoint, model, version, signature }: ModelToServe): object {
  const inputs = signature.inputs.map(({ name, onnxType, shape, required }) => ({
    name,
    datatype: datatypeOf[onnxType],
    shape: [-1, ...shape],
    parameters: { required },
  }));
  const outputs = signature.outputs.map(({ name, onnxType, shape }) => ({ name, datatype: datatypeOf[onnxType], shape: [-1, ...shape] }));
  return {
    name: endpoint,
    versions: [String(version)],
    platform,
    inputs,
    outputs,
    parameters: { model, task: signature.task },
  };
}

/** The part of Triton's model configuration that says what to send. */
export function modelConfig({ endpoint, signature }: ModelToServe, maxBatchSize: number): object {
  const typeOf = (onnxType: keyof typeof datatypeOf): string => `TYPE_${onnxType === 'string' ? 'STRING' : datatypeOf[onnxType]}`;
  return {
    name: endpoint,
    platform,
    backend: 'onnxruntime',
    max_batch_size: maxBatchSize,
    input: signature.inputs.map(({ name, onnxType, shape, required }) => ({
      name,
      data_type: typeOf(onnxType),
      dims: shape,
      optional: !required,
    })),
    output: signature.outputs.map(({ name, onnxType, shape }) => ({ name, data_type: typeOf(onnxType), dims: shape })),
  };
}

export function describeEndpoint(model: ModelToServe, report: EndpointReport, url: string): object {
  const name = encodeURIComponent(model.endpoint);
  const { task, inputs, classes, target } = model.signature;
  return {
    name: model.endpoint,
    model: model.model,
    version: report.version,
    state: report.state,
    predictUrl: `${url}/api/v1/endpoints/${name}/predict`,
    v2Url: `${url}/v2/models/${name}`,
    task,
    target,
    classes,
    columns: inputs.map(({ name: column, type, required, range, categories, history }) => ({
      name: column,
      type,
      required,
      range,
      categories,
      ...(history ? { history: { ...history, meaning: describeHistory(history) } } : {}),
    })),
  };
}

export function listEndpoints(reports: readonly EndpointReport[], described: (name: string) => ModelToServe, url: string): object {
  return { endpoints: reports.map((report) => describeEndpoint(described(report.name), report, url)) };
}
