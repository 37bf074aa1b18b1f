import { ModelkeepError } from '../../../src-shared/errors/modelkeepError.ts';
import { parseForward, type InputRoles, type ParsedForward } from '../1-parse/parseForward.ts';
import type { Forms } from '../2-shapes/typedOps.ts';
import { differentiate, type DifferentiatedStep } from '../3-differentiate/differentiate.ts';
import type { LossRule } from '../losses/defineLoss.ts';
import type { Graph } from '../onnx/graph.ts';
import { clippedAlone, clippedTogether, type TogetherOutcome } from './clippedGradients.ts';
import type { PrivacySettings, RowGradientForm } from './sumInGroups.ts';

export interface PrivateStep {
  readonly parsed: ParsedForward;
  readonly step: DifferentiatedStep;
  /** Undefined without privacy. */
  readonly rowGradients: RowGradientForm | undefined;
}

/**
 * Phases 1 to 3 with clipped row gradients: for a group of rows at once, or for one row where a node has no rule for that.
 *
 * `share`: of the batch that a row's loss comes with, when it is not whole; its clipped gradient then comes with that share, too.
 *
 * Throws MK_COMPILER_ROWS_MIXED where rows of a batch see each other, and MK_COMPILER_SETTING_INVALID for settings without meaning.
 */
export function compilePrivateStep(
  forward: Graph,
  roles: InputRoles,
  loss: LossRule,
  batchSize: number,
  privacy: PrivacySettings,
  forms: Forms,
  share = 1,
): PrivateStep {
  const { clipNorm, noiseMultiplier, rowsTogether = batchSize } = privacy;
  const refuse = (setting: string, value: number, expected: string): never => {
    throw new ModelkeepError('MK_COMPILER_SETTING_INVALID', { setting, value, expected });
  };
  if (!(clipNorm > 0 && Number.isFinite(clipNorm))) refuse('privacy.clipNorm', clipNorm, 'a positive number');
  if (!(noiseMultiplier >= 0 && Number.isFinite(noiseMultiplier))) refuse('privacy.noiseMultiplier', noiseMultiplier, 'a number from 0');
  if (!Number.isSafeInteger(rowsTogether) || rowsTogether < 1 || batchSize % rowsTogether !== 0)
    refuse('privacy.rowsTogether', rowsTogether, `a divisor of the batch size ${batchSize}`);

  const together = (rows: number): PrivateStep & TogetherOutcome => {
    let outcome: TogetherOutcome | undefined;
    const parsed = parseForward(forward, roles, rows);
    const step = differentiate(parsed, loss, { forms, backward: clippedTogether(clipNorm * share, (found) => (outcome = found)) });
    return { parsed, step, rowGradients: { rowsTogether: rows, because: undefined }, ...outcome! };
  };
  // One row alone cannot tell whether it would see others: two can.
  const tried = together(Math.max(2, rowsTogether));
  refuseState(forward, roles.state);
  const because = tried.obstacle;
  if (!because && rowsTogether > 1) {
    const fitting = privacy.rowsTogether ?? rowsInCache(batchSize, tried.largestBytes);
    return fitting === rowsTogether ? tried : together(fitting);
  }
  const parsed = parseForward(forward, roles, 1);
  return {
    parsed,
    step: differentiate(parsed, loss, { forms, backward: clippedAlone(clipNorm * share) }),
    rowGradients: { rowsTogether: 1, because },
  };
}

/**
 * The largest part of a batch, of at least 8 rows, whose largest value fits the cache of a core: convolutional network of `bench
 * train-private`, batch 128, ms a step: all rows 70, 32 rows 45.6, 16 rows 42.4, 8 rows 42.4.
 */
function rowsInCache(batchSize: number, largestBytes: number): number {
  const most = Math.max(8, (batchSize * cacheBytes) / largestBytes);
  for (let rows = batchSize; rows > 1; rows--) if (batchSize % rows === 0 && rows <= most) return rows;
  return batchSize;
}

const cacheBytes = 4 * 2 ** 20;

/** Running statistics would carry what the rows are into the model, past clipping and noise. */
function refuseState(forward: Graph, state: InputRoles['state'] = {}): void {
  const [output] = Object.values(state);
  if (output === undefined) return;
  const made = forward.nodes.find((node) => node.outputs.includes(output));
  throw new ModelkeepError('MK_COMPILER_ROWS_MIXED', { node: made?.name || output, operator: made?.opType ?? 'Identity' });
}
