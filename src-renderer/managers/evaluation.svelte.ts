// How one finished candidate does on its test rows, and why it answers as it does.
import type { CellValue, ColumnLimit, Costs, RowChoice } from '../../src-shared/domain/evaluation.ts';
import type { Result } from '../../src-shared/rpc/contract.ts';
import { client } from '../rpc/client.svelte.ts';
import { Loaded } from './loaded.svelte.ts';

export type EvaluationPage = Result<'train.evaluation'>;
export type Reasons = Result<'train.explainRow'>;
export type Effect = Result<'train.effect'>;
export type Advice = Result<'train.threshold'>;
export type Alternatives = Result<'train.counterfactual'>;
export type { CellValue };

export class EvaluationManager {
  readonly #candidateId: string;
  readonly page: Loaded<EvaluationPage>;
  #row = $state(0);
  #column = $state('');
  #class = $state<string | undefined>();
  #scale = $state<'answer' | 'logOdds'>('answer');
  #costs: Costs = { truePositive: 0, falsePositive: 1, falseNegative: 1, trueNegative: 0 };
  #limits: ColumnLimit[] | undefined;
  readonly reasons: Loaded<Reasons>;
  readonly effect: Loaded<Effect>;
  readonly advice: Loaded<Advice>;
  readonly alternatives: Loaded<Alternatives>;

  constructor(candidateId: string) {
    this.#candidateId = candidateId;
    const ofClass = (): { class?: string } => (this.#class === undefined ? {} : { class: this.#class });
    const choice = (): RowChoice => ({ row: this.#row });
    this.page = new Loaded(() => client.call('train.evaluation', { candidateId }));
    this.reasons = new Loaded(() => client.call('train.explainRow', { candidateId, choice: choice(), scale: this.#scale, ...ofClass() }));
    this.effect = new Loaded(() => client.call('train.effect', { candidateId, column: this.#column, ...ofClass() }));
    this.advice = new Loaded(() => client.call('train.threshold', { candidateId, costs: this.#costs, ...ofClass() }));
    this.alternatives = new Loaded(() =>
      client.call('train.counterfactual', {
        candidateId,
        choice: choice(),
        ...ofClass(),
        ...(this.#limits ? { limits: this.#limits } : {}),
      }),
    );
  }

  get candidateId(): string {
    return this.#candidateId;
  }
  /** Number in the dataset version of the row that is explained. */
  get row(): number {
    return this.#row;
  }
  get column(): string {
    return this.#column;
  }
  /** The class that curves and explanations are about; by default the second of two, the first of more. */
  get class(): string | undefined {
    return this.#class;
  }
  get scale(): 'answer' | 'logOdds' {
    return this.#scale;
  }

  readonly load = async (): Promise<void> => {
    if (this.page.value === null) await this.page.reload();
  };

  async explain(row: number, scale: 'answer' | 'logOdds' = this.#scale): Promise<void> {
    this.#row = row;
    this.#scale = scale;
    await this.reasons.reload();
  }

  /** Columns that may change; absent: every one. */
  async findAlternatives(columns?: readonly string[]): Promise<void> {
    this.#limits = columns?.map((column) => ({ column }));
    await this.alternatives.reload();
  }

  async showEffect(column: string): Promise<void> {
    this.#column = column;
    await this.effect.reload();
  }

  async askThreshold(costs: Costs): Promise<void> {
    this.#costs = costs;
    await this.advice.reload();
  }

  setClass(name: string): void {
    this.#class = name;
  }
}
