// From a file to a monitor: what an object was made from, and what was made from it.
import type { VersionRef } from '../../../src-shared/domain/names.ts';
import type { DatasetVersion } from '../../../src-shared/domain/table.ts';
import type { Run } from '../../../src-shared/domain/training.ts';
import type { Lineage } from '../../../src-shared/rpc/registry.ts';

type Node = Lineage['nodes'][number];
export type LineageKind = Node['kind'];

/** The other stages, asked for what concerns one object only. Stages below the registry answer themselves, those above are supplied by flows. */
export interface LineageSources {
  /** Newest where `version` is null. Throws MK_NOT_FOUND. */
  dataset(name: string, version: number | null): DatasetVersion;
  labelSet(name: string): { dataset: VersionRef; versions: number[] };
  labelSetsOf(dataset: VersionRef): { name: string; versions: number[] }[];
  /** Throws MK_NOT_FOUND. */
  run(id: string): Run;
  /** Newest first. */
  runsOf(dataset: VersionRef): Run[];
  version(model: string, version: number): { runId: string; dataset: VersionRef; labels: VersionRef | null };
  versionsOfRun(runId: string): VersionRef[];
  /** Endpoints with the version that answers (or would, after a start). */
  endpoints(): { name: string; model: string; version: number | null }[];
}

/** Runs that led to no version say little: this many of the newest are drawn, the rest is counted. */
const idleRunsDrawn = 5;

export function lineageOf(start: { kind: LineageKind; name: string; version: number | null }, sources: LineageSources): Lineage {
  const graph = new LineageGraph(sources);
  switch (start.kind) {
    case 'file':
      break;
    case 'dataset': {
      const { dataset, version } = sources.dataset(start.name, start.version);
      graph.aboveDataset({ name: dataset, version });
      graph.belowDataset({ name: dataset, version });
      break;
    }
    case 'labelSet': {
      const set = sources.labelSet(start.name);
      graph.aboveDataset(set.dataset);
      graph.belowLabelSet(start.name, start.version, set.dataset);
      break;
    }
    case 'features':
    case 'run': {
      const run = sources.run(start.name);
      graph.aboveRun(run);
      graph.belowRun(run);
      break;
    }
    case 'modelVersion':
      graph.aboveVersion({ name: start.name, version: start.version ?? 1 });
      graph.belowVersion({ name: start.name, version: start.version ?? 1 });
      break;
    case 'endpoint':
    case 'monitor': {
      const endpoint = sources.endpoints().find((one) => one.name === start.name);
      if (!endpoint) break;
      if (endpoint.version !== null) graph.aboveVersion({ name: endpoint.model, version: endpoint.version });
      graph.endpoint(endpoint);
      break;
    }
  }
  return graph.result();
}

class LineageGraph {
  readonly #sources: LineageSources;
  readonly #nodes = new Map<string, Node>();
  readonly #edges = new Map<string, { from: string; to: string }>();
  #omittedRuns = 0;

  constructor(sources: LineageSources) {
    this.#sources = sources;
  }

  result(): Lineage {
    return { nodes: [...this.#nodes.values()], edges: [...this.#edges.values()], omittedRuns: this.#omittedRuns };
  }

  aboveDataset(ref: VersionRef): string {
    const id = this.#node('dataset', ref.name, ref.version, `#/data/${part(ref.name)}/v${ref.version}`);
    for (const file of this.#sources.dataset(ref.name, ref.version).source.files) {
      this.#edge(this.#node('file', file.split(/[\\/]/).at(-1) ?? file, null, null), id);
    }
    return id;
  }

  belowDataset(ref: VersionRef): void {
    const id = this.aboveDataset(ref);
    for (const set of this.#sources.labelSetsOf(ref)) this.#edge(id, this.#labelSet(set.name, set.versions.at(-1) ?? null));
    let idle = 0;
    for (const run of this.#sources.runsOf(ref)) {
      if (this.#sources.versionsOfRun(run.id).length === 0 && ++idle > idleRunsDrawn) this.#omittedRuns++;
      else {
        this.aboveRun(run);
        this.belowRun(run);
      }
    }
  }

  belowLabelSet(name: string, version: number | null, dataset: VersionRef): void {
    this.#edge(this.aboveDataset(dataset), this.#labelSet(name, version));
    for (const run of this.#sources.runsOf(dataset)) {
      const { target } = run.request;
      if (target.kind !== 'labels' || target.labelSet !== name || (version !== null && target.version !== version)) continue;
      this.aboveRun(run);
      this.belowRun(run);
    }
  }

  aboveRun(run: Run): string {
    const dataset = this.aboveDataset(run.request.dataset);
    const route = `#/train/${part(run.id)}`;
    const features = this.#node('features', `#${run.number}`, null, route, `features:${run.id}`);
    this.#edge(dataset, features);
    if (run.request.target.kind === 'labels') {
      const labels = this.#labelSet(run.request.target.labelSet, run.request.target.version);
      this.#edge(dataset, labels);
      this.#edge(labels, features);
    }
    const id = this.#node('run', `#${run.number}`, null, route, `run:${run.id}`);
    this.#edge(features, id);
    return id;
  }

  belowRun(run: Run): void {
    for (const version of this.#sources.versionsOfRun(run.id)) {
      this.aboveVersion(version);
      this.belowVersion(version);
    }
  }

  aboveVersion(ref: VersionRef): string {
    const id = this.#node('modelVersion', ref.name, ref.version, `#/registry/${part(ref.name)}/v${ref.version}`);
    this.#edge(this.aboveRun(this.#sources.run(this.#sources.version(ref.name, ref.version).runId)), id);
    return id;
  }

  belowVersion(ref: VersionRef): void {
    for (const endpoint of this.#sources.endpoints()) {
      if (endpoint.model === ref.name && endpoint.version === ref.version) this.endpoint(endpoint);
    }
  }

  endpoint(endpoint: { name: string; model: string; version: number | null }): void {
    const id = this.#node('endpoint', endpoint.name, null, `#/serve/${part(endpoint.name)}`);
    if (endpoint.version !== null) this.#edge(this.aboveVersion({ name: endpoint.model, version: endpoint.version }), id);
    this.#edge(id, this.#node('monitor', endpoint.name, null, `#/monitor/${part(endpoint.name)}`));
  }

  #labelSet(name: string, version: number | null): string {
    return this.#node('labelSet', name, version, `#/label/${part(name)}`);
  }

  #node(
    kind: LineageKind,
    name: string,
    version: number | null,
    route: string | null,
    id = `${kind}:${name}${version === null ? '' : `@${version}`}`,
  ): string {
    if (!this.#nodes.has(id)) this.#nodes.set(id, { id, kind, name, version, route });
    return id;
  }

  #edge(from: string, to: string): void {
    this.#edges.set(`${from}→${to}`, { from, to });
  }
}

function part(name: string): string {
  return encodeURIComponent(name);
}
