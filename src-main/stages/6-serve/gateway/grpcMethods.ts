// The methods of the gRPC service that no model answers.
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import {
  modelConfigAnswer,
  modelMetadataAnswer,
  readSmallRequest,
  repositoryIndexAnswer,
  serverMetadataAnswer,
  statisticsAnswer,
  truthAnswer,
} from '../grpc/services.ts';
import { platform, serverFacts } from './descriptions.ts';
import type { Gateway } from './gateway.ts';
import type { Repository } from './repository.ts';

type Method = (message: Buffer) => Buffer | Promise<Buffer>;

export class GrpcMethods {
  readonly #methods: ReadonlyMap<string, Method>;

  constructor(gateway: Gateway, repository: Repository) {
    /** Name in field 1, version in field 2: most methods ask so. */
    const named = (message: Buffer): [name: string, version: string | null] => {
      const { texts } = readSmallRequest(message, [1, 2]);
      return [texts.get(1) ?? '', texts.get(2) || null];
    };
    this.#methods = new Map<string, Method>([
      ['ServerLive', () => truthAnswer(true)],
      ['ServerReady', () => truthAnswer(gateway.ready)],
      ['ServerMetadata', () => serverMetadataAnswer(serverFacts)],
      ['ModelReady', (message) => truthAnswer(gateway.isReady(...named(message)))],
      ['ModelMetadata', (message) => modelMetadataAnswer(gateway.described(...named(message)), platform)],
      [
        'ModelConfig',
        (message) => {
          const [name, version] = named(message);
          return modelConfigAnswer(gateway.described(name, version), platform, gateway.batchRows(name));
        },
      ],
      [
        'ModelStatistics',
        (message) => {
          const [name, version] = named(message);
          return statisticsAnswer(gateway.statistics(name || null, version));
        },
      ],
      [
        'RepositoryIndex',
        async (message) => {
          const onlyReady = readSmallRequest(message, [1], [2]).flags.get(2) ?? false;
          const entries = await repository.index();
          return repositoryIndexAnswer(onlyReady ? entries.filter(({ state }) => state === 'READY') : entries);
        },
      ],
      [
        'RepositoryModelLoad',
        async (message) => {
          const { texts, present } = readSmallRequest(message, [1, 2]);
          if (present.has(3)) throw parametersRefused();
          await repository.load(texts.get(2) ?? '');
          return Buffer.alloc(0);
        },
      ],
      [
        'RepositoryModelUnload',
        async (message) => {
          await repository.unload(readSmallRequest(message, [1, 2]).texts.get(2) ?? '');
          return Buffer.alloc(0);
        },
      ],
    ]);
  }

  has(method: string): boolean {
    return this.#methods.has(method);
  }

  async answer(method: string, message: Buffer): Promise<Buffer> {
    return this.#methods.get(method)!(message);
  }
}

/** Configurations and files of another model with a load: what is served is what the registry holds. */
export function parametersRefused(): ModelkeepError {
  return new ModelkeepError('MK_SERVE_TENSOR', {
    field: 'parameters',
    expected: 'none: what is loaded is the version that the alias of the endpoint points at',
    found: 'parameters',
  });
}
