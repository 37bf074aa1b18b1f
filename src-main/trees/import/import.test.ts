import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scoreReference } from '../score/reference.ts';
import { floorToFloat32, previousFloat32 } from './float32.ts';
import { readLightgbm } from './lightgbm.ts';
import { readXgboost } from './xgboost.ts';

const folder = join(import.meta.dirname, '../../../test/fixtures/trees');
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** Made by the libraries themselves (make.py there), with categories, missing values and codes that training never saw. */
const cases = [
  ['lightgbm-binary.txt', 'binary'],
  ['lightgbm-multiclass.txt', 'identity'],
  ['lightgbm-forest.txt', 'identity'],
  ['lightgbm-poisson.txt', 'exp'],
  ['xgboost-binary.json', 'binary'],
  ['xgboost-multiclass.json', 'identity'],
  ['xgboost-dart.json', 'identity'],
  ['xgboost-poisson.json', 'exp'],
] as const;

const read = (name: string) => (name.endsWith('.txt') ? readLightgbm : readXgboost)(text(name));

describe('models of other libraries', () => {
  it.each(cases)('%s scores as its library says', (name, link) => {
    const imported = read(name);
    expect(imported.link.kind).toBe(link);
    const { rows, raw } = JSON.parse(text(name.replace(/\.\w+$/, '.rows.json'))) as { rows: (number | null)[][]; raw: number[][] };
    const features = Float32Array.from(rows.flat(), (value) => value ?? NaN);
    const scores = scoreReference(imported.ensemble, features, rows.length);
    expect(scores).toHaveLength(raw.flat().length);
    raw
      .flat()
      .forEach((expected, at) => expect(Math.abs(scores[at]! - expected)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected))));
  });

  it.each(cases)('%s has whole trees: nodes in depth-first order, covers that add up', (name) => {
    for (const tree of read(name).ensemble.trees)
      tree.feature.forEach((feature, node) => {
        if (feature < 0) return;
        expect(tree.left[node]).toBe(node + 1);
        expect(tree.right[node]).toBeGreaterThan(node + 1);
        const children = tree.cover[tree.left[node]!]! + tree.cover[tree.right[node]!]!;
        expect(Math.abs(children - tree.cover[node]!)).toBeLessThanOrEqual(1e-5 * tree.cover[node]!);
        expect(tree.gain[node]).toBeGreaterThan(0);
      });
  });

  it('name the place where a file is broken', () => {
    const whole = text('lightgbm-binary.txt');
    expect(() => readLightgbm(whole.slice(0, 3000))).toThrow('no line "end of trees"');
    expect(() => readLightgbm(whole.replace(/\nleaf_value=\S+ /, '\nleaf_value='))).toThrow(
      /8 numbers leaf_value instead of 9 at Tree=0 \(line \d+\)/,
    );
    expect(() => readLightgbm(whole.replace(/\nleft_child=\d+/, '\nleft_child=77'))).toThrow(/a split 77 that is not there at Tree=0/);
    expect(() => readLightgbm(whole.replace(/\nleft_child=\d+/, '\nleft_child=0'))).toThrow(/Tree=0/);
    expect(() => readLightgbm('')).toThrow('The LightGBM model cannot be read');
    expect(() => readXgboost('{"learner":')).toThrow('The XGBoost model cannot be read: no JSON');
    expect(() => readXgboost('{}')).toThrow('no booster at learner');
    const file = JSON.parse(text('xgboost-binary.json')) as {
      learner: { gradient_booster: { model: { trees: { left_children: number[] }[] } } };
    };
    file.learner.gradient_booster.model.trees[1]!.left_children[0] = 999;
    expect(() => readXgboost(JSON.stringify(file))).toThrow('node 999 is not there or has two parents at trees[1]');
  });

  it('are refused where nothing here means the same', () => {
    const unsupported = { code: 'MK_TREES_FILE_UNSUPPORTED' };
    const change = (name: string, from: string | RegExp, to: string) => () =>
      (name.endsWith('.txt') ? readLightgbm : readXgboost)(text(name).replace(from, to));
    expect(change('lightgbm-binary.txt', 'is_linear=0', 'is_linear=1')).toThrow(expect.objectContaining(unsupported));
    expect(change('lightgbm-binary.txt', 'sigmoid:1', 'sigmoid:2')).toThrow(expect.objectContaining(unsupported));
    expect(change('xgboost-binary.json', '"name":"gbtree"', '"name":"gblinear"')).toThrow(expect.objectContaining(unsupported));
    expect(change('xgboost-binary.json', 'binary:logistic', 'survival:cox')).toThrow(expect.objectContaining(unsupported));
  });
});

describe('thresholds in float32', () => {
  it('compare with every float32 as the float64 does', () => {
    for (const value of [0.1, -0.1, 1 / 3, 1e-46, -1e-46, 1e39, -1e39, 16_777_217, 0, -0, Infinity, -Infinity]) {
      const threshold = floorToFloat32(value);
      expect(Math.fround(threshold)).toBe(threshold);
      const around = [Math.fround(value), previousFloat32(Math.fround(value)), -previousFloat32(-Math.fround(value))];
      for (const x of around) expect(x <= threshold).toBe(x <= value);
    }
  });

  it('step down over zero and to infinity', () => {
    expect(previousFloat32(0)).toBe(-1.401298464324817e-45);
    expect(previousFloat32(-0)).toBe(-1.401298464324817e-45);
    expect(previousFloat32(1.401298464324817e-45)).toBe(0);
    expect(previousFloat32(Infinity)).toBe(3.4028234663852886e38);
    expect(previousFloat32(-3.4028234663852886e38)).toBe(-Infinity);
  });
});
