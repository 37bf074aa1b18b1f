// A workspace in which every view has something to show, made only by calling the product on the bundled real samples.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sample, type Sample } from '../../src-shared/domain/sample.ts';
import type { CoreClient } from './coreClient.ts';
import { writeWithoutWest } from './ordersWithoutWest.ts';

const samples = join(import.meta.dirname, '../../resources/samples');

export type Row = Record<string, string | number | null>;

export function readSample(id: string): Sample {
  return sample.parse(JSON.parse(readFileSync(join(samples, id, 'sample.json'), 'utf8')));
}

/** The rows of the churn sample as a caller of the API would send them: numbers as numbers, empty cells as null, the answer taken out. */
export function churnRows(): { rows: Row[]; answers: string[] } {
  const [head, ...lines] = readFileSync(join(samples, 'churn/churn.csv'), 'utf8').trim().split(/\r?\n/);
  const names = head!.split(',');
  const answers: string[] = [];
  const rows = lines.map((line) => {
    const entries = line
      .split(',')
      .map((text, index): [string, string | number | null] => [
        names[index]!,
        text === '' ? null : Number.isFinite(Number(text)) ? Number(text) : text,
      ]);
    answers.push(String(entries.find(([name]) => name === 'churn')![1]));
    return Object.fromEntries(entries.filter(([name]) => name !== 'churn'));
  });
  return { rows, answers };
}

export interface Answer {
  status: number;
  body: { requestId?: string; predictions?: unknown[] } & Record<string, unknown>;
}

export async function post(url: string, rows: Row[]): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rows }) });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const weeklyLines = {
  name: 'order-lines-a-week',
  title: 'Order lines a week',
  timeColumn: 'Order Date',
  aggregate: 'count' as const,
  valueColumn: null,
  shareOf: null,
  dimensions: ['Segment', 'Region'],
  period: 'week' as const,
  unit: 'lines',
  goal: 'up' as const,
};

export interface Filled {
  runId: string;
  endpoint: string;
  cycleId: string;
  alertIds: string[];
  /** Addresses that show something, one per view. */
  pages: Record<string, string>;
}

/** Takes a minute or two. */
export async function fillWorkspace({ call, finished }: CoreClient): Promise<Filled> {
  const scratch = mkdtempSync(join(tmpdir(), 'modelkeep-fill-'));
  const importAs = async (name: string, files: string[], options: Sample['importOptions'] = {}): Promise<void> => {
    const { jobId } = await call('data.import', { name, files, options });
    await finished(jobId);
  };
  try {
    // Data: two versions of churn (the older without its last thousand rows), orders, texts, images.
    const churn = readFileSync(join(samples, 'churn/churn.csv'), 'utf8').trimEnd().split('\n');
    const older = join(scratch, 'churn.csv');
    writeFileSync(older, `${churn.slice(0, -1000).join('\n')}\n`);
    await importAs('churn', [older]);
    await importAs('churn', [join(samples, 'churn/churn.csv')]);
    await importAs('orders', [join(samples, 'orders/orders.csv')], readSample('orders').importOptions);
    await importAs('poems', [join(samples, 'poems/texts')]);
    await importAs('clothes', [join(samples, 'fashion/images')]);

    // Labels: a few of each kind.
    const poems = { name: 'poems', version: 1 };
    await call('label.create', {
      name: 'poem-dynasty',
      dataset: poems,
      kind: 'text',
      itemColumn: 'text',
      classes: [
        { name: 'tang', key: '1' },
        { name: 'song', key: '2' },
      ],
      guideline: '唐诗与宋诗按风格区分；拿不准时跳过。',
      suggestFrom: 'class',
    });
    for (let row = 0; row < 40; row++) await call('label.save', { name: 'poem-dynasty', row, label: row % 2 ? 'song' : 'tang' });
    await call('label.freeze', { name: 'poem-dynasty' });
    await call('label.create', {
      name: 'clothes-kind',
      dataset: { name: 'clothes', version: 1 },
      kind: 'image',
      itemColumn: 'image',
      classes: ['dress', 'shirt', 'sneaker', 'bag'].map((name, index) => ({ name, key: String(index + 1) })),
      suggestFrom: 'class',
    });

    // Features and training.
    const dataset = { name: 'churn', version: 1 };
    const target = { kind: 'column', column: 'churn' } as const;
    const { spec } = await call('features.propose', { dataset, target });
    await call('features.save', { name: 'churn-features', spec });
    const first = await call('train.start', {
      dataset,
      target,
      search: { method: 'portfolio' },
      timeBudgetMs: 20_000,
      seed: 1,
      registerAs: 'churn',
    });
    await finished(first.jobId);
    await call('registry.setAlias', { name: 'churn', alias: 'champion', version: 1, reason: 'First model, better than the majority' });
    // A network whose training graph can be looked at, however busy the machine is.
    const network = await call('train.start', {
      dataset,
      target,
      timeBudgetMs: 30_000,
      learners: ['baseline', 'mlp'],
      ensemble: false,
      search: { method: 'portfolio', maxCandidates: 2 },
    });
    await finished(network.jobId);
    const linear = await call('train.start', {
      dataset,
      target,
      search: { method: 'portfolio' },
      timeBudgetMs: 10_000,
      seed: 2,
      learners: ['linear'],
      registerAs: 'churn',
    });
    await finished(linear.jobId);

    // Serving: usual traffic, one refused request, then the data break.
    const { predictUrl } = await call('serve.deploy', { endpoint: 'churn', model: 'churn', alias: 'champion' });
    const { rows, answers } = churnRows();
    const truth: { requestId: string; row: number; truth: string }[] = [];
    for (let at = 0; at < 1200; at += 20) {
      const batch = rows
        .slice(at, at + 20)
        .map((row, index): Row => (at >= 600 && index % 5 < 2 ? { ...row, monthly_charges: null } : row));
      const { body } = await post(predictUrl!, batch);
      batch.forEach((_, index) => truth.push({ requestId: body.requestId!, row: index, truth: answers[at + index]! }));
    }
    await post(predictUrl!, [{ ...rows[0]!, tenure: 'twelve' }]);
    await untilStored({ call }, 61);
    await call('monitor.truth', { endpoint: 'churn', rows: truth });
    const report = await call('monitor.evaluate', { endpoint: 'churn' });
    const alertIds = report.alerts.map(({ id }) => id);

    // Learning from the newer version, and advice on the orders.
    const { cycleId, jobId } = await call('learn.start', {
      model: 'churn',
      timeBudgetMs: 20_000,
      ...(alertIds[0] ? { alertId: alertIds[0] } : {}),
    });
    await finished(jobId);
    const { businessMetric } = readSample('orders');
    await call('advise.saveMetric', { ...businessMetric!, title: businessMetric!.title.en, dataset: 'orders' });
    await finished((await call('advise.analyse', { name: businessMetric!.name })).jobId);
    // A region that stopped sending, for the briefing.
    await importAs('orders-without-west', [writeWithoutWest(scratch)], readSample('orders').importOptions);
    await call('advise.saveMetric', { ...weeklyLines, dataset: 'orders-without-west' });
    await finished((await call('advise.analyse', { name: weeklyLines.name })).jobId);
    await call('audit.verify', {});

    const { candidates } = await call('train.get', { runId: network.runId });
    const graph = `#/train/${network.runId}/graph/${candidates.find(({ learner }) => learner === 'mlp')!.id}`;

    return {
      runId: first.runId,
      endpoint: 'churn',
      cycleId,
      alertIds,
      pages: {
        today: '#/today',
        welcome: '#/welcome',
        data: '#/data',
        'data-import': '#/data/import',
        'data-profile': '#/data/churn/v2',
        'data-rows': '#/data/churn/v2?tab=rows',
        'data-changes': '#/data/churn/v2?tab=changes',
        'data-texts': '#/data/poems/v1',
        'data-images': '#/data/clothes/v1',
        label: '#/label',
        'label-text': '#/label/poem-dynasty',
        'label-image': '#/label/clothes-kind',
        features: '#/features',
        'features-spec': '#/features/churn-features',
        train: '#/train',
        'train-new': '#/train/new',
        'train-run': `#/train/${first.runId}`,
        'train-compare': `#/train/${linear.runId}/compare`,
        'train-report': `#/train/${first.runId}/report`,
        'train-graph': `${graph}?phase=4-fuse`,
        'train-graph-text': `${graph}?phase=5-emit&as=text`,
        registry: '#/registry',
        'registry-model': '#/registry/churn',
        'registry-version': '#/registry/churn/v1',
        'registry-compare': '#/registry/churn/compare?a=1&b=2',
        serve: '#/serve',
        'serve-endpoint': '#/serve/churn',
        monitor: '#/monitor',
        'monitor-endpoint': '#/monitor/churn',
        learn: '#/learn',
        'learn-cycle': `#/learn/${cycleId}`,
        advise: '#/advise',
        'advise-metric': `#/advise/${weeklyLines.name}`,
        'advise-brief': '#/advise/brief',
        jobs: '#/jobs',
        audit: '#/audit',
        hardware: '#/hardware',
        settings: '#/settings',
        keys: '#/settings/keys',
        components: '#/components',
      },
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Requests are answered first and stored a moment later. */
export async function untilStored({ call }: Pick<CoreClient, 'call'>, count: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { total } = await call('serve.requests', { limit: 1 });
    if (total >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The requests were not stored within 20 s`);
}
