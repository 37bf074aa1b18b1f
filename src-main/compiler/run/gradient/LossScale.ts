/**
 * What gradients are multiplied by in half precision, where they would vanish below 6e-8: a power of two, doubled after many
 * good steps, halved when a gradient overflows. The batch is then run again: no data are left out.
 *
 * Source: Micikevicius et al. (2018), https://arxiv.org/abs/1710.03740 §3.2; doubling and halving as in PyTorch's GradScaler.
 */
export class LossScale {
  /** Scale, and good steps since it changed: part of checkpoints. */
  readonly state = Float32Array.of(2 ** 16, 0);

  get value(): number {
    return this.state[0]!;
  }

  /** False when there is nothing left to halve: the cause is another. */
  halve(): boolean {
    this.state[1] = 0;
    if (this.value <= 1) return false;
    this.state[0]! /= 2;
    return true;
  }

  succeed(): void {
    this.state[1]!++;
    if (this.state[1]! < stepsBeforeDoubling || this.value >= largestScale) return;
    this.state[0]! *= 2;
    this.state[1] = 0;
  }
}

const stepsBeforeDoubling = 2000;
const largestScale = 2 ** 24;
