// The orders sample as it would arrive if one region stopped sending: real rows, some of them left out.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const orders = join(import.meta.dirname, '../../resources/samples/orders/orders.csv');

export function writeWithoutWest(folder: string): string {
  const [header, ...lines] = readFileSync(orders, 'utf8').trimEnd().split('\n');
  const kept = lines.filter((line) => !(/,2017-12-(0[4-9]|[123]\d),/.test(line) && line.includes(',West,')));
  const file = join(folder, 'orders-december.csv');
  writeFileSync(file, `${[header, ...kept].join('\n')}\n`);
  return file;
}
