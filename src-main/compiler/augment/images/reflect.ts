/** The place within 0 … size − 1 that a place beyond the border mirrors, the border itself not repeated: −1 → 1, size → size − 2. */
export function reflect(at: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((at % period) + period) % period;
  return within < size ? within : period - within;
}
