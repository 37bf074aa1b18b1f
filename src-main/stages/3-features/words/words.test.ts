import { beforeAll, describe, expect, it } from 'vitest';
import type { FeatureSpec, ModelInput } from '../../../../src-shared/domain/features.ts';
import type { Column } from '../../../../src-shared/domain/table.ts';
import { openJieba } from '../../../platform/jieba.ts';
import { counterRandom } from '../../../platform/random.ts';
import { GraphBuilder } from '../../../compiler/index.ts';
import { addFeatureGraph } from '../featureGraph.ts';
import { FeatureTransformer } from '../FeatureTransformer.ts';
import { fitFeatures } from '../fitFeatures.ts';
import { featureNames } from '../layout.ts';
import { onnxLoader } from '../onnxRunner.ts';
import { allRows, columnFeed, stringColumn } from '../rawTable.ts';
import { jiebaWords, Preprocessing } from './preprocessing.ts';
import { WordCutter } from './WordCutter.ts';

let cutter: WordCutter;
beforeAll(async () => {
  cutter = new WordCutter(await openJieba());
});

/** Texts with every kind of neighbour, for properties. */
const mixed = [
  '我来到北京清华大学',
  '他来到了网易杭研大厦',
  '我們中出了一個叛徒',
  '買了T恤，质量很好😀👍🏽！',
  'iPhone15手机壳 good quality，值得购买',
  '很好café и привет 的です테스트',
  '3.14%的人说C++难',
  'e\u0301te\u0301 中文\u200d👩‍👩‍👧‍👦字',
  '𠮷野家的饭',
  '\ud83d 半个表情 \ude00',
  '换行\n制表\t空格  结束',
  '',
];

describe('Chinese words', () => {
  it('are those of the dictionary, and of the hidden Markov model where it has none', () => {
    expect(cutter.cut('我来到北京清华大学')).toBe('我 来到 北京 清华大学');
    expect(cutter.cut('他来到了网易杭研大厦')).toBe('他 来到 了 网易 杭研 大厦');
    expect(cutter.cut('小明硕士毕业于中国科学院计算所')).toBe('小明 硕士 毕业 于 中国科学院 计算所');
    expect(cutter.cut('我們中出了一個叛徒')).toBe('我們 中出 了 一個 叛徒');
    expect(cutter.cut('電腦軟體')).toBe('電腦 軟體');
  });

  it('keep Latin letters and digits that belong to them, and stand apart from other text', () => {
    expect(cutter.cut('买T恤')).toBe('买 T恤');
    expect(cutter.cut('😀很好')).toBe('😀 很 好');
    expect(cutter.cut('café很好é')).toBe('café 很 好 é');
    expect(cutter.cut('有3.14%的人')).toBe('有 3.14% 的 人');
  });

  it.each(['', 'plain English, 3.14 café', 'привет です 테스트 ไทย', '👩‍👩‍👧‍👦 e\u0301', '\ud83d', 'a'.repeat(100_000)])(
    'leave text without a Chinese character as it is (%#)',
    (text) => {
      expect(cutter.cut(text)).toBe(text);
    },
  );

  it('add nothing but spaces: every character stays where it was among the others', () => {
    const without = (text: string): string => text.replaceAll(' ', '');
    for (const text of mixed) expect(without(cutter.cut(text))).toBe(without(text));
  });

  it('are those of jieba over the whole text, where Latin letters and punctuation stand among Chinese', async () => {
    const whole = await openJieba();
    const tokens = (text: string): string[] => text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
    const characters = [
      ...'的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严aT3.,!? -',
    ];
    for (let at = 0; at < 300; at++) {
      const random = counterRandom(7, at);
      const text = Array.from(
        { length: 1 + Math.floor(random.next() * 60) },
        () => characters[Math.floor(random.next() * characters.length)],
      ).join('');
      expect(tokens(cutter.cut(text))).toEqual(tokens(whole(text).join(' ')));
    }
  });

  it('of a text are the same when it is asked for again', () => {
    const first = mixed.map((text) => cutter.cut(text));
    expect(mixed.map((text) => cutter.cut(text))).toEqual(first);
  });

  it('of a text of 1 MB, with and without an end to its sentences, come in time and leave the program whole', () => {
    for (const text of ['今天天气真好，我们去公园玩。', '今天天气真好我们去公园玩', '龘', '一'].map((each) =>
      each.repeat(1_000_000 / 3 / each.length),
    )) {
      const cut = cutter.cut(text);
      expect(cut.replaceAll(' ', '')).toBe(text);
      expect(cut.length).toBeGreaterThan(text.length);
    }
    expect(cutter.cut('我来到北京清华大学')).toBe('我 来到 北京 清华大学');
  });
});

describe('a model whose texts are cut before it', () => {
  const columns: Column[] = [{ name: 't', type: 'text' }];
  const spec: FeatureSpec = {
    dataset: { name: 'd', version: 1 },
    target: { kind: 'column', column: 'y' },
    task: 'binary',
    classes: ['a', 'b'],
    rules: [
      {
        column: 't',
        kind: 'textNgrams',
        unit: 'word',
        words: 'jieba',
        minN: 1,
        maxN: 2,
        maxFeatures: 100,
        weighting: 'tfidf',
        components: 3,
      },
    ],
  };
  const table = {
    rows: 3 * mixed.length,
    columns: new Map([['t', stringColumn([...mixed, ...mixed, ...mixed.map((text) => `${text}很好`)])]]),
  };

  it('names the pre-processor with version and digest, and counts its words', async () => {
    const fitted = await fitFeatures(spec, { columns, table, rows: allRows(table.rows), loadModel: onnxLoader() });
    expect(fitted.columns[0]!.input.preprocessor).toEqual(jiebaWords);
    expect(jiebaWords).toMatchObject({
      name: 'jieba-wasm',
      version: '2.4.0',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      separator: ' ',
    });
    expect(featureNames(fitted)).toEqual(expect.arrayContaining([expect.stringMatching(/清华大学/), expect.stringMatching(/t恤/)]));
  });

  it.each(['scaled', 'codes'] as const)('gives in training bit for bit what its graph gives for the cut text (%s)', async (view) => {
    const loadModel = onnxLoader();
    const fitted = await fitFeatures(spec, { columns, table, rows: allRows(table.rows), loadModel });
    const transformer = await FeatureTransformer.open(fitted, view, loadModel);
    const own = await transformer.matrix(table, allRows(table.rows));
    await transformer.release();
    const g = new GraphBuilder('whole');
    const { name } = g.output(addFeatureGraph(g, fitted, [view])[0]!);
    const model = await loadModel(g.toModelBytes({ producer: 'modelkeep' }));
    const preprocessing = await Preprocessing.open(fitted.columns.map(({ input }) => input));
    for (let row = 0; row < table.rows; row++) {
      const feeds = preprocessing.feeds({ t: columnFeed(table.columns.get('t')!, Int32Array.of(row)) });
      const data = (await model.run(feeds))[name]!.data as Float32Array;
      expect(data.map((value) => value + 0)).toEqual(own.slice(row * data.length, (row + 1) * data.length).map((value) => value + 0));
    }
    await model.release();
  });

  it('counts plain words where characters are the unit, or nothing is said', async () => {
    for (const change of [{ unit: 'character' as const }, { words: 'unicode' as const }]) {
      const other = { ...spec, rules: spec.rules.map((rule) => ({ ...rule, ...change }) as FeatureSpec['rules'][number]) };
      const fitted = await fitFeatures(other, { columns, table, rows: allRows(table.rows), loadModel: onnxLoader() });
      expect(fitted.columns[0]!.input).not.toHaveProperty('preprocessor');
    }
  });

  it.each([{ version: '2.3.0' }, { sha256: '0'.repeat(64) }, { name: 'other' }, { separator: '|' }])(
    'is refused where its pre-processor is another one: %j',
    async (change) => {
      const input: ModelInput = {
        name: 't',
        type: 'text',
        onnxType: 'string',
        shape: [1],
        required: false,
        range: null,
        categories: null,
        preprocessor: { ...jiebaWords, ...change },
      };
      await expect(Preprocessing.open([input])).rejects.toMatchObject({
        code: 'MK_FEATURES_PREPROCESSOR',
        params: { column: 't', available: expect.stringMatching(/^jieba-wasm@2\.4\.0 /) },
      });
    },
  );
});
