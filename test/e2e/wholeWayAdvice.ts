// Advice on a business figure: defined in the window, quiet on the real orders, and plain about a region whose rows stopped coming.
import { writeWithoutWest } from '../support/ordersWithoutWest.ts';
import { openFile } from './wholeWayModel.ts';
import { find, goTo, isAt, main, pick, reads, type Walker } from './wholeWayWindow.ts';

export async function adviseOnOrders(walker: Walker): Promise<void> {
  const { page, folder, shoot } = walker;
  await goTo(page, 'Today');
  await main(page).getByRole('link', { name: 'Samples' }).click();
  await main(page).getByRole('article').filter({ hasText: 'Office supplier orders' }).getByRole('button', { name: 'Import only' }).click();
  await isAt(page, '#/data/orders/v1', 60_000);

  // A figure of one's own: how many order lines a week, to be taken apart by segment and region.
  await goTo(page, 'Advise');
  await main(page)
    .getByRole('button', { name: /^New metric/ })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('What people call it').fill('Order lines a week');
  await find(page, dialog.getByRole('combobox', { name: 'Dataset' }), 'orders');
  await dialog.getByRole('radio', { name: 'Number of rows' }).click();
  await pick(page, dialog.getByRole('combobox', { name: 'Time column' }), 'Order Date');
  await dialog.getByRole('radio', { name: 'week' }).click();
  await dialog.getByLabel('Unit').fill('lines');
  for (const column of ['Segment', 'Region']) await dialog.getByRole('checkbox', { name: column, exact: true }).click();
  await dialog.getByRole('button', { name: 'Save the metric' }).click();
  await isAt(page, '#/advise/order-lines-a-week');

  // The real figure is as usual, and the page says so.
  await main(page)
    .getByRole('button', { name: /^Analyse now/ })
    .click();
  const advice = main(page).getByRole('region', { name: 'Advice' });
  await reads(advice, 'Nothing stands out now, so there is nothing to advise.', 90_000);
  await reads(main(page), /Newest period · 25 Dec 2017 67 ?lines/);
  await reads(main(page), '208 weeks');
  await shoot('advise-quiet');

  // From 4 December on, no order of the West arrives.
  await openFile(walker, writeWithoutWest(folder));
  await main(page).getByLabel('Name of the dataset').fill('orders');
  await main(page).getByText('This becomes version 2 of orders').waitFor();
  await main(page).getByRole('button', { name: 'Import', exact: true }).click();
  await isAt(page, '#/data/orders/v2', 60_000);

  // Until it is analysed, nobody is told that all is as usual.
  await goTo(page, 'Advise');
  await reads(main(page).getByRole('row', { name: /^Order lines a week/ }), 'v2 not analysed');
  await main(page)
    .getByRole('link', { name: /^Briefing/ })
    .click();
  const briefing = main(page).getByRole('region', { name: 'Briefing' });
  await reads(briefing, 'Order lines a week has newer data that was not analysed yet');
  await main(page)
    .getByRole('button', { name: /^Analyse all/ })
    .click();
  await reads(briefing, /Order lines a week: 257 lines, 32\.\d% under usual 4 Dec 2017 to 31 Dec 2017/, 120_000);
  await reads(briefing, 'Check why rows of Region West stopped coming. None arrived; 96 are usual.');
  await reads(briefing, /of the gap is Region West \(−12\d\.\d lines\)/);
  await shoot('advise-briefing');

  // It needs somebody, and somebody takes it up.
  await goTo(page, 'Today');
  await reads(main(page).getByRole('region', { name: 'Needs you' }), 'Order lines a week: 257 instead of 37');
  await goTo(page, 'Advise');
  await main(page)
    .getByRole('link', { name: /^Briefing/ })
    .click();
  await main(page).getByRole('region', { name: 'What to do' }).getByRole('button', { name: 'Take it up' }).click();
  await dialog.getByLabel('Note').fill('Asked the West shop for its orders');
  await dialog.getByRole('button', { name: 'Take it up' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await reads(main(page).getByRole('region', { name: 'Earlier decisions' }), 'Order lines a week');
  await main(page).getByRole('region', { name: 'What to do' }).getByText('Nothing to decide.').waitFor();
}
