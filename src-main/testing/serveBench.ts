// A real serving stage in a temporary workspace, with a registry of test models. Not part of the product.
import { request as httpRequest, Agent, type IncomingHttpHeaders } from 'node:http';
import type { Reference } from '../../src-shared/domain/training.ts';
import { ModelkeepError } from '../../src-shared/errors/modelkeepError.ts';
import { openTestBench, type TestBench } from './testBench.ts';
import { ServeService, type ModelResolver, type ServableVersion, type ServeDependencies } from '../stages/6-serve/api.ts';
import type { TestModel } from './serveModels.ts';

export class TestRegistry implements ModelResolver {
  readonly #bench: TestBench;
  readonly #versions = new Map<string, ServableVersion>();
  readonly aliases = new Map<string, number>();
  onMoved: (move: { model: string; alias: string; to: number; reason: string; caller: TestBench['caller'] }) => Promise<void> =
    async () => {};

  constructor(bench: TestBench) {
    this.#bench = bench;
  }

  async add(model: string, version: number, { bytes, signature }: TestModel, reference: Reference | null = null): Promise<void> {
    const { blobs } = this.#bench;
    const { sha256 } = await blobs.put(bytes);
    const stored = reference ? await blobs.put(Buffer.from(JSON.stringify(reference))) : null;
    this.#versions.set(`${model}:${version}`, {
      model,
      version,
      sha256,
      path: blobs.path(sha256),
      signature,
      reference: stored && { sha256: stored.sha256, path: blobs.path(stored.sha256) },
      primaryMetric: signature.classes.length > 0 ? 'accuracy' : 'rmse',
      test: reference?.test ?? {},
    });
  }

  resolve(model: string, alias: string): ServableVersion {
    const version = this.aliases.get(`${model}@${alias}`);
    if (version === undefined) throw new ModelkeepError('MK_NOT_FOUND', { what: 'alias', name: `${model}@${alias}` });
    return this.version(model, version);
  }

  version(model: string, version: number): ServableVersion {
    const found = this.#versions.get(`${model}:${version}`);
    if (!found) throw new ModelkeepError('MK_NOT_FOUND', { what: 'version', name: `${model}:${version}` });
    return found;
  }

  async moveAlias(
    { model, alias, version, reason }: { model: string; alias: string; version: number; reason: string },
    caller = this.#bench.caller,
  ): Promise<void> {
    const before = this.aliases.get(`${model}@${alias}`);
    this.aliases.set(`${model}@${alias}`, version);
    try {
      await this.onMoved({ model, alias, to: version, reason, caller });
    } catch (error) {
      if (before !== undefined) this.aliases.set(`${model}@${alias}`, before);
      throw error;
    }
  }
}

export interface TestServe {
  bench: TestBench;
  registry: TestRegistry;
  serve: ServeService;
  /** Another service on the same workspace, as after a restart of the core. */
  reopen(): ServeService;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openTestServe(
  limits: ServeDependencies['limits'] = {},
  settings: Partial<ReturnType<ServeDependencies['settings']>> = {},
): Promise<TestServe> {
  const bench = await openTestBench();
  const registry = new TestRegistry(bench);
  const open = (): ServeService => {
    const { db, audit, clock, emit, startWorker, workspace } = bench;
    const serve = new ServeService({
      db,
      audit,
      clock,
      emit,
      startWorker,
      models: registry,
      folders: { workspace: workspace.folder, journal: workspace.journal, run: workspace.run },
      settings: () => ({ servePort: 0, serveGrpcPort: 0, serveControl: false, requestRetentionDays: 30, ...settings }),
      limits: limits ?? {},
    });
    registry.onMoved = (move) => serve.onAliasMoved(move);
    bench.add(() => serve.close());
    return serve;
  };
  return { bench, registry, serve: open(), reopen: open, [Symbol.asyncDispose]: async () => await bench[Symbol.asyncDispose]() };
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  // Answers are read by tests that know what they asked for.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
  raw: Buffer;
}

/** `body`: JSON text or a value; bytes go as they are. */
export function http(
  url: string,
  body?: unknown,
  { headers = {}, method, agent }: { headers?: Record<string, string>; method?: string; agent?: Agent } = {},
): Promise<HttpAnswer> {
  const bytes =
    body === undefined ? null : Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url,
      {
        method: method ?? (bytes ? 'POST' : 'GET'),
        agent: agent ?? false,
        headers: { ...(bytes ? { 'content-type': 'application/json', 'content-length': String(bytes.length) } : {}), ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const raw = Buffer.concat(chunks);
          let parsed: unknown = null;
          try {
            parsed = JSON.parse(raw.toString());
          } catch {
            // Text or binary.
          }
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed, raw });
        });
      },
    );
    sent.on('error', reject);
    sent.end(bytes ?? undefined);
  });
}
