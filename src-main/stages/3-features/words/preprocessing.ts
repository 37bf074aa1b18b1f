import type { ModelInput, Preprocessor } from '../../../../src-shared/domain/features.ts';
import { ModelkeepError } from '../../../../src-shared/errors/modelkeepError.ts';
import { jieba, openJieba } from '../../../platform/jieba.ts';
import type { TensorLike } from '../rawTable.ts';
import { separator, WordCutter } from './WordCutter.ts';

/** The one that this version has: models that are trained now are given it. */
export const jiebaWords: Preprocessor = { ...jieba, separator };

/** One for the process, with all that it remembers. */
let shared: Promise<WordCutter> | undefined;

/** What stands before a model's graph: plain texts in, texts as the graph takes them out. */
export class Preprocessing {
  readonly #cutters: ReadonlyMap<string, WordCutter>;

  /** Error: MK_FEATURES_PREPROCESSOR, where an input was trained with one that is not here. */
  static async open(inputs: readonly ModelInput[]): Promise<Preprocessing> {
    const cutters = new Map<string, WordCutter>();
    for (const { name, preprocessor } of inputs) {
      if (!preprocessor) continue;
      if (!isHere(preprocessor))
        throw new ModelkeepError('MK_FEATURES_PREPROCESSOR', {
          column: name,
          needed: nameOf(preprocessor),
          available: nameOf(jiebaWords),
        });
      cutters.set(name, await (shared ??= openJieba().then((cut) => new WordCutter(cut))));
    }
    return new Preprocessing(cutters);
  }

  private constructor(cutters: ReadonlyMap<string, WordCutter>) {
    this.#cutters = cutters;
  }

  /** Null where the input's texts stay as they are. */
  of(input: string): ((text: string) => string) | null {
    const cutter = this.#cutters.get(input);
    return cutter ? (text) => cutter.cut(text) : null;
  }

  /** The tensors of a run by input; those that need nothing are handed on. */
  feeds(feeds: Record<string, TensorLike>): Record<string, TensorLike> {
    if (this.#cutters.size === 0) return feeds;
    return Object.fromEntries(
      Object.entries(feeds).map(([name, feed]) => {
        const cut = this.of(name);
        return [name, cut ? { ...feed, data: (feed.data as string[]).map(cut) } : feed];
      }),
    );
  }
}

function isHere({ name, version, sha256, separator: between }: Preprocessor): boolean {
  return name === jiebaWords.name && version === jiebaWords.version && sha256 === jiebaWords.sha256 && between === separator;
}

function nameOf({ name, version, sha256 }: Preprocessor): string {
  return `${name}@${version} (${sha256.slice(0, 12)})`;
}
