// SQL of endpoints and deployments.
import type { WritableDb } from '../../platform/sqlite.ts';

export interface EndpointRow {
  name: string;
  model: string;
  alias: string;
  desired: 'running' | 'stopped';
  version: number;
  storeInputs: boolean;
  createdAt: number;
  createdBy: string;
}

export interface DeploymentRow {
  endpoint: string;
  model: string;
  version: number;
  sha256: string;
  at: number;
  actor: string;
  reason: string;
}

interface RawEndpoint {
  name: string;
  model: string;
  alias: string;
  desired: 'running' | 'stopped';
  version: number;
  store_inputs: number;
  created_at: number;
  created_by: string;
}

export class EndpointStore {
  readonly #db: WritableDb;

  constructor(db: WritableDb) {
    this.#db = db;
  }

  all(): EndpointRow[] {
    return this.#db.prepare<[], RawEndpoint>('SELECT * FROM endpoints ORDER BY name').all().map(endpointOf);
  }

  get(name: string): EndpointRow | null {
    const row = this.#db.prepare<[string], RawEndpoint>('SELECT * FROM endpoints WHERE name = ?').get(name);
    return row ? endpointOf(row) : null;
  }

  following(model: string, alias: string): EndpointRow[] {
    return this.#db
      .prepare<[string, string], RawEndpoint>('SELECT * FROM endpoints WHERE model = ? AND alias = ? ORDER BY name')
      .all(model, alias)
      .map(endpointOf);
  }

  put({ name, model, alias, desired, version, storeInputs, createdAt, createdBy }: EndpointRow): void {
    this.#db
      .prepare(
        `INSERT INTO endpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
         model = excluded.model, alias = excluded.alias, desired = excluded.desired, version = excluded.version, store_inputs = excluded.store_inputs`,
      )
      .run(name, model, alias, desired, version, Number(storeInputs), createdAt, createdBy);
  }

  setDesired(name: string, desired: EndpointRow['desired']): void {
    this.#db.prepare('UPDATE endpoints SET desired = ? WHERE name = ?').run(desired, name);
  }

  addDeployment({ endpoint, model, version, sha256, at, actor, reason }: DeploymentRow): void {
    this.#db
      .prepare('INSERT INTO deployments (endpoint, model, version, sha256, at, actor, reason) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(endpoint, model, version, sha256, at, actor, reason);
  }

  /** Newest first. */
  deployments(endpoint: string, limit = 100): DeploymentRow[] {
    return this.#db
      .prepare<[string, number], DeploymentRow>(
        'SELECT endpoint, model, version, sha256, at, actor, reason FROM deployments WHERE endpoint = ? ORDER BY id DESC LIMIT ?',
      )
      .all(endpoint, limit);
  }
}

function endpointOf({ name, model, alias, desired, version, store_inputs, created_at, created_by }: RawEndpoint): EndpointRow {
  return { name, model, alias, desired, version, storeInputs: store_inputs === 1, createdAt: created_at, createdBy: created_by };
}
