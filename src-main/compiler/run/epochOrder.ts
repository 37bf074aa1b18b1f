import { shuffle, streamKey } from './counterRandom.ts';

const orderStream = 1;

/** Fills `rows` with 0 … n−1 in the order in which `epoch` visits them: a function of seed and epoch alone. */
export function epochOrder(rows: Int32Array, seed: number, epoch: number): void {
  for (let row = 0; row < rows.length; row++) rows[row] = row;
  shuffle(rows, streamKey(seed, orderStream, epoch));
}

/** Row numbers of every minibatch of `epochs` epochs, the last of each short: what a training visits, for references. */
export function minibatches(rowCount: number, batchSize: number, seed: number, epochs: number): number[][] {
  return Array.from({ length: epochs }, (_, epoch) => {
    const rows = new Int32Array(rowCount);
    epochOrder(rows, seed, epoch);
    return Array.from({ length: Math.ceil(rowCount / batchSize) }, (__, batch) => [
      ...rows.subarray(batch * batchSize, (batch + 1) * batchSize),
    ]);
  }).flat();
}
