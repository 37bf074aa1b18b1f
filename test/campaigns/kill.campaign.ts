// kill -9 of every kind of process at random moments, while data are imported, labels saved, models trained, aliases moved and requests answered.
// Whatever was acknowledged is written down outside the application, and looked for at the end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { RpcError } from '../../src-shared/rpc/envelope.ts';
import { startApp, type App } from '../support/app.ts';
import { isLostAnswer } from '../support/coreClient.ts';
import type { Campaign } from './run.ts';

const churn = join(import.meta.dirname, '../../resources/samples/churn/churn.csv');

/** What the application said it had done. */
interface Acknowledged {
  datasets: { name: string; version: number; sha256: string }[];
  labels: Map<number, string>;
  aliasMoves: string[];
  requests: { id: string; body: string }[];
  runs: string[];
}

export const campaign: Campaign = {
  name: 'kill',
  about: 'kill -9 at random moments: --kills 100 --seed 1 [--keep]',
  run: async (options) => {
    const kills = Number(options.kills ?? 100);
    const random = seeded(Number(options.seed ?? 1));
    const workspace = mkdtempSync(join(os.tmpdir(), 'modelkeep-kill-'));
    const campaignRun = new KillCampaign(workspace, random);
    const startedAt = Date.now();
    await campaignRun.prepare();
    const killed = await campaignRun.harass(kills);
    const problems = await campaignRun.verify();
    if (!options.keep && problems.length === 0) rmSync(workspace, { recursive: true, force: true });
    const { acknowledged, unexpected } = campaignRun;
    return {
      passed: problems.length === 0 && unexpected.size === 0,
      kills: killed,
      acknowledged: {
        datasets: acknowledged.datasets.length,
        labels: acknowledged.labels.size,
        aliasMoves: acknowledged.aliasMoves.length,
        requests: acknowledged.requests.length,
        runs: acknowledged.runs.length,
      },
      problems,
      /** Answers that a person should not have met; refusals while something is down are expected. */
      unexpected: Object.fromEntries(unexpected),
      slowestRecoveryMs: campaignRun.slowestRecoveryMs,
      tookMs: Date.now() - startedAt,
      workspace: problems.length > 0 || options.keep ? workspace : null,
    };
  },
};

class KillCampaign {
  readonly acknowledged: Acknowledged = { datasets: [], labels: new Map(), aliasMoves: [], requests: [], runs: [] };
  readonly unexpected = new Map<string, number>();
  slowestRecoveryMs = 0;
  readonly #workspace: string;
  readonly #random: () => number;
  readonly #attemptedLabels = new Map<number, Set<string>>();
  #app!: App;
  #working = true;

  constructor(workspace: string, random: () => number) {
    this.#workspace = workspace;
    this.#random = random;
  }

  /** A churn model with two versions behind an endpoint, and a label set. */
  async prepare(): Promise<void> {
    this.#app = await startApp(this.#workspace);
    const { call, finished } = this.#app.client;
    const { jobId } = await call('data.import', { files: [churn], name: 'churn' });
    await finished(jobId);
    for (const seed of [1, 2]) {
      const { jobId: trainJob } = await call('train.start', {
        dataset: { name: 'churn', version: 1 },
        target: { kind: 'column', column: 'churn' },
        timeBudgetMs: 8000,
        learners: ['linear'],
        seed,
        registerAs: 'churn',
      });
      await finished(trainJob);
    }
    await call('registry.setAlias', { name: 'churn', alias: 'champion', version: 1, reason: 'start' });
    await call('serve.deploy', { endpoint: 'churn', model: 'churn', alias: 'champion' });
    await call('label.create', {
      name: 'kill-labels',
      dataset: { name: 'churn', version: 1 },
      kind: 'table',
      classes: [
        { name: 'yes', key: '1' },
        { name: 'no', key: '2' },
      ],
    });
  }

  /** Works on all fronts until `kills` processes were killed. */
  async harass(kills: number): Promise<Record<string, number>> {
    const killed: Record<string, number> = {};
    const work = [
      this.#loop(() => this.#importOne(), 50),
      this.#loop(() => this.#labelOne(), 5),
      this.#loop(() => this.#moveAlias(), 200),
      this.#loop(() => this.#predictOne(), 10),
      this.#loop(() => this.#trainOne(), 500),
    ];
    for (let done = 0; done < kills;) {
      await sleep(100 + this.#random() * 1500);
      // The shell goes down with everything once in a while; otherwise any child.
      const candidates = this.#app.processes();
      const children = candidates.filter(({ role }) => role !== 'shell');
      const chosen = this.#random() < 0.08 || children.length === 0 ? candidates[0]! : byRole(children, this.#random);
      try {
        process.kill(chosen.pid, 'SIGKILL');
      } catch {
        continue; // it ended by itself
      }
      killed[chosen.role] = (killed[chosen.role] ?? 0) + 1;
      done++;
      if (chosen.role === 'shell') {
        await this.#app.kill();
        await this.#restart();
      }
    }
    this.#working = false;
    await Promise.all(work);
    return killed;
  }

  /** Everything that was acknowledged, looked for in a fresh start. */
  async verify(): Promise<string[]> {
    await this.#settle();
    await this.#app.stop();
    await this.#restart();
    await this.#settle();
    const problems: string[] = [];
    const { call } = this.#app.client;
    const { acknowledged } = this;

    for (const { name, version, sha256 } of acknowledged.datasets) {
      const found = await call('data.get', { name, version }).catch(() => null);
      if (found?.sha256 !== sha256) problems.push(`dataset ${name} v${version} is gone or changed`);
      else if (
        createHash('sha256')
          .update(readFileSync(join(this.#workspace, 'blobs/sha256', sha256.slice(0, 2), sha256)))
          .digest('hex') !== sha256
      )
        problems.push(`blob of dataset ${name} v${version} is damaged`);
    }
    const { items } = await call('label.queue', { name: 'kill-labels', from: 0, limit: 200, show: 'all' });
    for (const [row, label] of acknowledged.labels) {
      const found = items.find((item) => item.row === row)?.label ?? null;
      if (found !== label && !(found !== null && this.#attemptedLabels.get(row)?.has(found)))
        problems.push(`label of row ${row} is ${found}, acknowledged was ${label}`);
    }
    const { history } = await call('registry.get', { name: 'churn' });
    const reasons = new Set(history.map(({ reason }) => reason));
    for (const reason of acknowledged.aliasMoves) if (!reasons.has(reason)) problems.push(`alias move “${reason}” is gone`);
    for (const { id, body } of acknowledged.requests) {
      const found = await call('serve.request', { id }).catch(() => null);
      if (!found) problems.push(`request ${id} is gone`);
      else if (JSON.stringify(found.output) === 'null') problems.push(`request ${id} has lost its answer (${body.slice(0, 60)})`);
    }
    for (const runId of acknowledged.runs) {
      const run = await call('train.get', { runId }).catch(() => null);
      if (!run) problems.push(`run ${runId} is gone`);
      else if (run.state === 'waiting' || run.state === 'running') problems.push(`run ${runId} is ${run.state} for ever`);
    }
    const audit = await call('audit.verify', {});
    if (!audit.ok) problems.push(`audit chain: ${audit.problem} at ${audit.brokenAt}`);
    const models = await call('registry.verify', {});
    if (models.corrupt.length > 0) problems.push(`damaged models: ${JSON.stringify(models.corrupt)}`);
    const answer = await this.#post();
    if (answer?.status !== 200) problems.push(`the endpoint answers ${answer?.status}`);
    await this.#app.stop();
    for (const file of ['registry.sqlite', 'requests.sqlite']) {
      const database = new Database(join(this.#workspace, file), { readonly: true });
      const integrity = database.pragma('integrity_check', { simple: true });
      const dangling = database.pragma('foreign_key_check') as unknown[];
      database.close();
      if (integrity !== 'ok' || dangling.length > 0) problems.push(`${file}: ${String(integrity)}, ${dangling.length} dangling references`);
    }
    return problems;
  }

  async #restart(): Promise<void> {
    const startedAt = Date.now();
    this.#app = await startApp(this.#workspace);
    this.#url = null; // the port is another one
    this.slowestRecoveryMs = Math.max(this.slowestRecoveryMs, Date.now() - startedAt);
  }

  /** Until no job runs and the journal was read. */
  async #settle(): Promise<void> {
    for (let tries = 0; tries < 1200; tries++) {
      const list = await this.#app.client.call('jobs.list', { states: ['running', 'queued'] }).catch(() => null);
      if (list?.jobs.length === 0) break;
      await sleep(250);
    }
    await sleep(3000);
  }

  async #loop(step: () => Promise<void>, pauseMs: number): Promise<void> {
    while (this.#working) {
      try {
        await step();
      } catch (error) {
        const code = error instanceof RpcError ? error.code : String(error);
        if (!isLostAnswer(error) && !expected.has(code)) this.unexpected.set(code, (this.unexpected.get(code) ?? 0) + 1);
        await sleep(100);
      }
      await sleep(pauseMs * (0.5 + this.#random()));
    }
  }

  #count = 0;
  async #importOne(): Promise<void> {
    const number = ++this.#count;
    const file = join(this.#workspace, `../kill-${process.pid}-${number}.csv`);
    writeFileSync(
      file,
      `id,value,word\n${Array.from({ length: 2000 }, (_, row) => `${row},${Math.floor(this.#random() * 1e6) / 100},w${row % 17}`).join('\n')}\n`,
    );
    try {
      const { jobId } = await this.#app.client.call('data.import', { files: [file], name: `table-${number}` });
      await this.#app.client.finished(jobId);
      const { version, sha256 } = await this.#app.client.call('data.get', { name: `table-${number}` });
      this.acknowledged.datasets.push({ name: `table-${number}`, version, sha256 });
    } finally {
      rmSync(file, { force: true });
    }
  }

  async #labelOne(): Promise<void> {
    const row = Math.floor(this.#random() * 200);
    const label = this.#random() < 0.5 ? 'yes' : 'no';
    const attempted = this.#attemptedLabels.get(row) ?? new Set();
    this.#attemptedLabels.set(row, attempted.add(label));
    await this.#app.client.call('label.save', { name: 'kill-labels', row, label });
    this.acknowledged.labels.set(row, label);
    this.#attemptedLabels.set(row, new Set()); // an earlier unanswered attempt is settled by this commit
  }

  async #moveAlias(): Promise<void> {
    const { call } = this.#app.client;
    // Pointing an alias at the version that it already points at is no move, and leaves no trace.
    const { champion } = await call('registry.get', { name: 'churn' });
    const reason = `move ${++this.#count}`;
    await call('registry.setAlias', { name: 'churn', alias: 'champion', version: champion?.version === 1 ? 2 : 1, reason });
    this.acknowledged.aliasMoves.push(reason);
  }

  async #predictOne(): Promise<void> {
    const answer = await this.#post();
    if (!answer) return; // nothing listens just now
    if (answer.status === 200) this.acknowledged.requests.push({ id: answer.requestId, body: answer.body });
    else if (answer.status !== 503 && answer.status !== 429)
      throw new Error(`predict answered ${answer.status} ${answer.body.slice(0, 200)}`);
  }

  async #trainOne(): Promise<void> {
    const { call, finished } = this.#app.client;
    const { runId, jobId } = await call('train.start', {
      dataset: { name: 'churn', version: 1 },
      target: { kind: 'column', column: 'churn' },
      timeBudgetMs: 4000,
      learners: ['linear', 'mlp'],
      seed: this.#count,
    });
    this.acknowledged.runs.push(runId);
    await finished(jobId);
  }

  #url: string | null = null;
  async #post(): Promise<{ status: number; body: string; requestId: string } | null> {
    try {
      this.#url ??= (await this.#app.client.call('serve.get', { name: 'churn' })).predictUrl;
      if (!this.#url) return null;
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ rows: [firstRow] }),
        signal: AbortSignal.timeout(20_000),
      });
      const body = await response.text();
      return {
        status: response.status,
        body,
        requestId: (JSON.parse(body) as { requestId?: string }).requestId ?? response.headers.get('x-request-id') ?? '',
      };
    } catch {
      this.#url = null; // the port may be another one after a restart
      return null;
    }
  }
}

/** Each role is hit as often as another, however many processes it has. */
function byRole(processes: { role: string; pid: number }[], random: () => number): { role: string; pid: number } {
  const roles = [...new Set(processes.map(({ role }) => role))];
  const role = roles[Math.floor(random() * roles.length)]!;
  return processes.filter((process) => process.role === role)[0]!;
}

/** Refusals that a killed worker may cause; the work was not acknowledged. */
const expected = new Set(['MK_WORKER_DIED', 'MK_JOB_INTERRUPTED', 'MK_SERVE_UNAVAILABLE', 'MK_REGISTRY_ALIAS_REVERTED']);

const firstRow = readFirstRow();
function readFirstRow(): Record<string, string | number> {
  const [head, row] = readFileSync(churn, 'utf8').split('\n');
  const names = head!.trim().split(',');
  return Object.fromEntries(
    row!
      .trim()
      .split(',')
      .flatMap((text, index) =>
        names[index] === 'churn' ? [] : [[names[index]!, text !== '' && Number.isFinite(Number(text)) ? Number(text) : text]],
      ),
  );
}

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
