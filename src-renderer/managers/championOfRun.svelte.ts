// What a run has to beat, on the rows that judge it.
import type { Candidate } from '../../src-shared/domain/training.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { championVersion, type ChampionVersion } from './championVersion.ts';
import { Loaded } from './loaded.svelte.ts';
import type { RunDetail } from './training.svelte.ts';

type Models = Result<'registry.list'>;
export type Judged = Result<'train.judge'>;
export type Compared = Result<'train.compare'>;

/** The champion on the test rows of a run, and the best of the run against it once there is one. */
export class ChampionOfRun {
  readonly #models = new Loaded<Models>(() => client.call('registry.list', {}));
  #version = $state.raw<ChampionVersion | null>(null);
  #judged = $state.raw<Loaded<Judged> | null>(null);
  #against = $state.raw<Loaded<Compared> | null>(null);
  #looking = $state(true);
  #judgedOf = '';
  #againstOf = '';

  get version(): ChampionVersion | null {
    return this.#version;
  }
  get judged(): Judged | null {
    return this.#judged?.value ?? null;
  }
  /** Why it cannot be judged on these rows. */
  get error(): unknown {
    return this.#judged?.error ?? null;
  }
  /** b is the best of the run. */
  get against(): Compared | null {
    return this.#against?.value ?? null;
  }
  /** True until it is known whether there is one and what it reaches. */
  get looking(): boolean {
    return this.#looking || this.#judged?.loading === true;
  }
  /** As a row among the candidates; null until it is judged. */
  get row(): Candidate | null {
    const [version, judged] = [this.#version, this.judged];
    return version && judged && candidateOf(version, judged);
  }

  /** To be called when the run or the registry changed; asks only for what is not known yet. */
  async look(run: RunDetail): Promise<void> {
    // Before a run has its rows there is nothing to judge on.
    if (!run.rows) {
      this.#looking = false;
      return;
    }
    await this.#models.reload();
    const version = championVersion(run, this.#models.value ?? []);
    this.#version = version;
    this.#looking = false;
    if (!version) {
      [this.#judged, this.#against, this.#judgedOf, this.#againstOf] = [null, null, '', ''];
      return;
    }
    const { candidateId } = version;
    if (this.#judgedOf !== candidateId) {
      this.#judgedOf = candidateId;
      this.#judged = new Loaded(() => client.call('train.judge', { candidateId, runId: run.id }));
      void this.#judged.reload();
    }
    const best = run.candidates.find(({ id }) => id === run.bestCandidateId);
    const of = best?.sha256 ? `${candidateId} ${best.id}` : '';
    if (!best || of === '' || of === this.#againstOf) return;
    this.#againstOf = of;
    this.#against = new Loaded(() => client.call('train.compare', { a: candidateId, b: best.id }));
    void this.#against.reload();
  }
}

function candidateOf(version: ChampionVersion, { metrics }: Judged): Candidate {
  return {
    id: version.candidateId,
    runId: version.runId,
    learner: version.learner,
    settings: {},
    state: 'done',
    validation: {},
    test: metrics,
    sha256: version.sha256,
    sizeBytes: version.sizeBytes,
    trainMs: 0,
    predictMs: null,
    parity: null,
    curve: [],
    progress: null,
  };
}
