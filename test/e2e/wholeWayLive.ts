// From a champion to its successor: deploy, ask by curl, break the data, alert, retrain, promote under traffic.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { post, type Row } from '../support/fillWorkspace.ts';
import { laterCustomers, laterRows, withoutCharges } from './wholeWayRows.ts';
import { goTo, isAt, main, reads, trace, type Walker } from './wholeWayWindow.ts';

const endpoint = 'churn-live';

interface Answer {
  endpoint: string;
  model: string;
  version: number;
  requestId: string;
  predictions: { prediction: string; probability: number; probabilities: Record<string, number> }[];
}

/** Puts the champion behind an address and asks it with the command that the page shows. Returns the address. */
export async function deployAndAsk({ page, shoot }: Walker): Promise<string> {
  await goTo(page, 'Serve');
  await main(page).getByRole('button', { name: 'Deploy a model' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name of the endpoint').fill(endpoint);
  await reads(dialog, 'A new address answers on this machine with churn v1 and follows champion from then on.');
  await dialog.getByRole('button', { name: 'Deploy', exact: true }).click();
  await isAt(page, `#/serve/${endpoint}`, 60_000);
  await main(page).getByText('v1 answers', { exact: true }).waitFor();
  await main(page).getByRole('tab', { name: 'Call it' }).click();
  const command = (await main(page)
    .getByRole('region', { name: 'With named columns' })
    .getByRole('group', { name: 'curl' })
    .textContent())!;

  const answer = askByCurl(command);
  expect(answer).toMatchObject({ endpoint, model: 'churn', version: 1 });
  const [first] = answer.predictions;
  expect(first!.prediction).toMatch(/^(Yes|No)$/);
  expect(first!.probabilities['Yes']! + first!.probabilities['No']!).toBeCloseTo(1, 5);
  expect(first!.probability).toBe(Math.max(...Object.values(first!.probabilities)));

  // The request appears in the live log, and opens with what was sent and answered.
  await main(page).getByRole('tab', { name: 'Overview' }).click();
  const requests = main(page).getByRole('region', { name: 'Requests', exact: true });
  const row = requests.getByRole('row', { name: new RegExp(`…${answer.requestId.slice(-4)} v1 1 ${first!.prediction}`) });
  await row.waitFor();
  await shoot('serve-endpoint');
  return /http:\/\/[^']+\/predict/.exec(command)![0];
}

/** The billing system stops to send four of ten charges; later it is known who left. An alert opens, also under Today. */
export async function breakTheData(walker: Walker, url: string): Promise<void> {
  const { page, folder, shoot } = walker;
  const { rows, answers } = laterCustomers();
  const truth = ['request_id,row,truth'];
  for (let from = 0; from < rows.length; from += 20) {
    const batch = withoutCharges(rows.slice(from, from + 20));
    const { status, body } = await post(url, batch);
    expect([status, body.predictions?.length]).toEqual([200, batch.length]);
    batch.forEach((_, index) => truth.push(`${body.requestId},${index},${answers[from + index]}`));
  }
  const truthFile = join(folder, 'who-left.csv');
  writeFileSync(truthFile, `${truth.join('\n')}\n`);

  await goTo(page, 'Monitor');
  await main(page).getByRole('link', { name: endpoint }).first().click();
  const figures = main(page).getByRole('region', { name: 'The endpoint in figures' });
  await lookUntil(walker, () => reads(figures, /Yes: monthly_charges is missing in (39\.9|40\.0)% of rows, usually 0\.0%/, 3000));
  const row = main(page).getByRole('row', { name: /^monthly_charges number/ });
  await reads(row, 'Missing surge');
  expect(
    await main(page)
      .getByRole('row', { name: /Missing surge/ })
      .count(),
  ).toBe(1);

  await main(page)
    .getByRole('button', { name: /^Give truth/ })
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Or a path on this machine').fill(truthFile);
  await dialog.getByRole('button', { name: 'Store truth' }).click();
  await reads(dialog.getByRole('status'), `Truth stored for ${rows.length} rows`);
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const performance = main(page).getByRole('region', { name: 'Are the answers right?' });
  await lookUntil(walker, () => reads(performance, /With what really happened, AUC is (only )?0\.\d{3}/, 3000));
  await reads(performance, `${rows.length} rows`);
  await shoot('monitor-alert');

  await goTo(page, 'Today');
  const inbox = main(page).getByRole('region', { name: 'Needs you' });
  await reads(inbox, /monthly_charges is missing in (39\.9|40\.0)% of requests/);
  await shoot('today-alert');
  await inbox.getByRole('button', { name: 'See cause' }).click();
  await isAt(page, new RegExp(`^#/monitor/${endpoint}`));
}

/** From the alert to a proposal with its proof. */
export async function retrainFromAlert({ page, shoot }: Walker): Promise<void> {
  await goTo(page, 'Monitor');
  await main(page).getByRole('link', { name: endpoint }).first().click();
  const alert = main(page).getByRole('region', { name: 'Alerts' }).getByRole('article');
  await reads(alert, /monthly_charges is missing in (39\.9|40\.0)% of rows; 0\.0% in training/);
  await alert.getByRole('button', { name: /^Retrain/ }).click();
  const dialog = page.getByRole('dialog');
  await reads(dialog, /customers v2, the newest.*6,000 rows.*The champion learned from v1/);
  await dialog.getByRole('radio', { name: '15 s' }).click();
  await dialog.getByRole('button', { name: 'Start cycle' }).click();
  await isAt(page, /^#\/learn\/cycle_/);
  await reads(main(page), 'You are asked when the proof is there. Until then v1 answers as before.');
  await shoot('learn-running');

  await main(page).getByText('Waiting for you').first().waitFor({ timeout: 180_000 });
  const { rows } = laterCustomers();
  await reads(main(page), `customers v3. ${rows.length} stored requests with known truth were added to it.`);
  const proof = main(page).getByRole('region', { name: 'Proof' });
  await reads(proof, /v2 is better in .*AUC/);
  const auc = (await proof.getByRole('row', { name: /^AUC/ }).textContent())!;
  const [champion, challenger] = [...auc.matchAll(/0\.\d{3}/g)].map(([figure]) => Number(figure));
  expect(challenger).toBeGreaterThan(champion!);
  expect(auc).toContain('Better');
  await reads(proof, '7 of 7 passed');
  expect(await trace(page)).toEqual([`monitor ${endpoint}`, 'churn v1', 'dataset customers v3', 'training run', 'churn v2', 'Decision']);
  await shoot('learn-proposal');
}

/** Promotes with a reason while callers keep asking: none is refused, and the answers change hands. */
export async function promoteUnderTraffic({ page, shoot }: Walker, url: string): Promise<void> {
  const traffic = keepAsking(url, laterCustomers().rows);
  const decision = main(page).getByRole('region', { name: 'Decision' });
  try {
    await expect.poll(() => traffic.versions(), { timeout: 10_000 }).toEqual([1]);
    await reads(decision, `${endpoint} switches to v2, nothing is interrupted.`);
    await decision.getByLabel(/^Reason/).fill('Better on the same rows, and it has seen missing charges');
    await decision.getByRole('button', { name: 'Promote v2' }).click();
    await reads(decision, 'v2 took over', 60_000);
    await reads(decision, 'Better on the same rows, and it has seen missing charges');
    await expect.poll(() => traffic.versions(), { timeout: 20_000 }).toEqual([1, 2]);
  } finally {
    await traffic.stop();
  }
  expect(traffic.failed).toEqual([]);

  await goTo(page, 'Serve');
  await main(page).getByRole('link', { name: endpoint }).first().click();
  await main(page).getByText('v2 answers', { exact: true }).waitFor();
  const deployments = main(page).getByRole('region', { name: 'Deployments' }).getByRole('listitem');
  await reads(deployments, /v2\s*answers now\s*Better on the same rows/);
  expect(await deployments.count()).toBe(2);
  await main(page).getByRole('tab', { name: 'Call it' }).click();
  const command = (await main(page)
    .getByRole('region', { name: 'With named columns' })
    .getByRole('group', { name: 'curl' })
    .textContent())!;
  expect(askByCurl(command)).toMatchObject({ endpoint, model: 'churn', version: 2 });
  expect(await trace(page)).toEqual([
    `customers-${laterRows}.csv`,
    'customers v3',
    'features #2',
    'run #2',
    'churn v2',
    `endpoint ${endpoint}`,
    `monitor ${endpoint}`,
  ]);
  await shoot('serve-after-switch');
}

/** The same data once more proves nothing: the page says so, proposes nothing, and the champion is kept with a reason. */
export async function learnNothingNew({ page, shoot }: Walker): Promise<void> {
  await goTo(page, 'Learn');
  await reads(main(page).getByRole('row', { name: /^Cycle 1 churn/ }), 'Promoted');
  await main(page)
    .getByRole('button', { name: /^Retrain/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await reads(dialog, /customers v2, the newest.*6,000 rows.*The champion learned from v3/);
  await dialog.getByRole('radio', { name: '15 s' }).click();
  await dialog.getByRole('button', { name: 'Start cycle' }).click();
  const decision = main(page).getByRole('region', { name: 'Decision' });
  await reads(decision, 'No improvement was proven', 180_000);
  await reads(decision, /v3 is not proven better than v2 on the same [\d,]+ rows, so nothing is proposed/);
  await shoot('learn-nothing-new');
  await decision.getByLabel(/^Reason/).fill('No gain on the same rows');
  await decision.getByRole('button', { name: 'Keep v2' }).click();
  await reads(decision, 'v2 was kept');
}

/** A real curl in a real shell, exactly as it stands on the page. */
function askByCurl(command: string): Answer {
  expect(command).toMatch(/^curl /);
  return JSON.parse(execFileSync('sh', ['-c', command], { encoding: 'utf8', timeout: 20_000 })) as Answer;
}

/** Monitoring looks every 30 seconds; an impatient person presses the button. */
async function lookUntil({ page }: Walker, seen: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    await main(page)
      .getByRole('button', { name: /^Look now/ })
      .click();
    try {
      return await seen();
    } catch (error) {
      if (tries === 10) throw error;
    }
  }
}

/** One customer after another, four at a time, until it is stopped. */
function keepAsking(url: string, rows: readonly Row[]): { versions(): number[]; failed: unknown[]; stop(): Promise<void> } {
  const [versions, failed] = [new Set<number>(), [] as unknown[]];
  let [asking, at] = [true, 0];
  const callers = Array.from({ length: 4 }, async () => {
    while (asking) {
      try {
        const { status, body } = await post(url, [rows[at++ % rows.length]!]);
        if (status === 200) versions.add(body['version'] as number);
        else failed.push(body);
      } catch (error) {
        failed.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  return {
    versions: () => [...versions],
    failed,
    stop: async () => {
      asking = false;
      await Promise.all(callers);
    },
  };
}
