import { resolve } from 'node:path';
import type { SliceCondition } from '../../../../src-shared/domain/evaluation.ts';
import { quantizationKind, type ModelVariant } from '../../../../src-shared/domain/modelVariant.ts';
import { aliasName, type ModelVersion } from '../../../../src-shared/rpc/registry.ts';
import { defineCommand, UsageError, type Context } from '../command.ts';
import { integer, modelRef } from '../options.ts';
import { estimateText, time, type Out } from '../render.ts';

export const modelsCommands = [
  defineCommand({
    words: ['models', 'list'],
    usage: '',
    summary: 'Shows all registered models.',
    run: ({ call }) => call('registry.list', {}),
    print: (models, out) =>
      out.table(
        models.map(({ name, versions, champion, latest, endpoints }) => ({
          name,
          versions,
          champion: champion?.version,
          latest: latest.version,
          endpoints: endpoints.join(' '),
          ...metricOf(latest),
        })),
      ),
  }),
  defineCommand({
    words: ['models', 'register'],
    usage: 'CANDIDATE --name NAME [--description TEXT]',
    summary: 'Makes a trained candidate a version of a model.',
    options: { name: { type: 'string' }, description: { type: 'string' } },
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [candidateId], options }) => {
      const description = options.text('description');
      return call('registry.register', {
        candidateId: candidateId!,
        name: options.required('name'),
        ...(description === undefined ? {} : { description }),
      });
    },
    print: printVersion,
  }),
  defineCommand({
    words: ['models', 'show'],
    usage: 'NAME[:VERSION|@ALIAS]',
    summary: 'Shows a model with its versions and aliases, or one version with its figures.',
    positionals: { min: 1, max: 1 },
    run: async ({ call, words: [word] }) => {
      const ref = modelRef(word!);
      if (ref.version === undefined && ref.alias === undefined)
        return { model: await call('registry.get', { name: ref.name }), version: null };
      return { model: null, version: await call('registry.version', { name: ref.name, version: await versionOf(call, word!) }) };
    },
    print: ({ model, version }, out) => {
      if (version) return printVersion(version, out);
      out.fields({ name: model!.name, description: model!.description, endpoints: model!.endpoints.join(' ') });
      out.table(
        model!.all.map((entry) => ({
          version: entry.version,
          aliases: entry.aliases.join(' '),
          learner: entry.learner,
          ...metricOf(entry),
          created: time(entry.createdAt),
          by: entry.createdBy,
        })),
      );
    },
  }),
  defineCommand({
    words: ['models', 'compare'],
    usage: 'NAME A B',
    summary: 'Lets two versions answer the same rows and tests the difference.',
    positionals: { min: 3, max: 3 },
    run: ({ call, words: [name, a, b] }) => call('registry.compare', { name: name!, a: integer(a!, 'A'), b: integer(b!, 'B') }),
    print: ({ rows, metrics, answersChanged, note }, out) => {
      out.line(`${rows} rows, ${answersChanged} answers differ${note ? `; ${note}` : ''}`);
      out.table(
        metrics.map(({ metric, a, b, difference, verdict }) => ({
          metric,
          a: estimateText(a),
          b: estimateText(b),
          'b − a': estimateText(difference),
          verdict,
        })),
      );
    },
  }),
  defineCommand({
    words: ['models', 'evaluate'],
    usage: 'NAME[:VERSION|@ALIAS]',
    summary: 'Shows what the test rows say: every metric of the task, and the groups of rows that are answered worst.',
    positionals: { min: 1, max: 1 },
    run: async ({ call, words: [word] }) => call('train.evaluation', { candidateId: await candidateOf(call, word!) }),
    print: ({ rows, metrics, slices }, out) => {
      out.fields({ rows, ...Object.fromEntries(Object.entries(metrics).map(([metric, value]) => [metric, estimateText(value)])) });
      out.line();
      out.line(`${slices.tried} groups of at least ${slices.fewestRows} rows tried; difference in ${slices.loss} to all other rows:`);
      const worse = slices.slices.filter(({ verdict }) => verdict === 'worse').slice(0, 15);
      if (worse.length === 0) return out.line('none is proven to be worse');
      out.table(
        worse.map(({ conditions, rows: count, value, difference, adjustedP }) => ({
          where: conditions.map(conditionText).join(' and '),
          rows: count,
          [slices.shown]: estimateText(value),
          difference: estimateText(difference),
          p: adjustedP,
        })),
      );
    },
  }),
  defineCommand({
    words: ['models', 'explain'],
    usage: 'NAME[:VERSION|@ALIAS] --row N [--class NAME] [--log-odds]',
    summary: 'Shows what each column adds to the answer to one row of the training dataset.',
    options: { row: { type: 'string' }, class: { type: 'string' }, 'log-odds': { type: 'boolean' } },
    positionals: { min: 1, max: 1 },
    run: async ({ call, words: [word], options }) => {
      const name = options.text('class');
      return call('train.explainRow', {
        candidateId: await candidateOf(call, word!),
        choice: { row: integer(options.required('row'), '--row') },
        scale: options.flag('log-odds') ? 'logOdds' : 'answer',
        ...(name === undefined ? {} : { class: name }),
      });
    },
    print: ({ row, class: name, base, value, reasons, method, background, truth, answer }, out) => {
      out.fields({ row, ...(name === null ? {} : { class: name }), answer, truth, value, usual: base });
      out.line(method === 'sampled' ? `sampled against ${background} test rows` : `exact, against ${background} test rows`);
      out.table(
        reasons.map(({ column, cell, effect, error }) => ({ column, is: cell ?? 'missing', effect, ...(error > 0 ? { '±': error } : {}) })),
      );
    },
  }),
  defineCommand({
    words: ['models', 'alias'],
    usage: 'NAME ALIAS (VERSION | --remove) [--reason TEXT]',
    summary: 'Points an alias at a version; endpoints that follow it switch without a failed request.',
    options: { remove: { type: 'boolean' }, reason: { type: 'string' } },
    positionals: { min: 2, max: 3 },
    run: async ({ call, words: [name, word, version], options }) => {
      const alias = aliasName.safeParse(word);
      if (!alias.success) throw new UsageError(`“${word}” is no alias; use small letters, digits, “_” and “-”`);
      const reason = options.text('reason');
      const common = { name: name!, alias: alias.data, ...(reason === undefined ? {} : { reason }) };
      if (options.flag('remove') === (version !== undefined)) throw new UsageError('One of VERSION and --remove is needed');
      return version === undefined
        ? call('registry.removeAlias', common)
        : call('registry.setAlias', { ...common, version: integer(version, 'VERSION') });
    },
    print: (result, out) => ('removed' in result ? out.fields(result) : printVersion(result, out)),
  }),
  defineCommand({
    words: ['models', 'export'],
    usage: 'NAME[:VERSION|@ALIAS] --output FILE [--quantize dynamic|static [--sample FILE]]',
    summary: 'Writes the self-contained ONNX model to a file; quantized: in 8-bit integers, with what that changes on its test rows.',
    options: { output: { type: 'string' }, quantize: { type: 'string' }, sample: { type: 'string' } },
    positionals: { min: 1, max: 1 },
    run: async ({ call, words: [word], options }) => {
      const [file, kind, sample] = [
        options.required('output'),
        options.oneOf('quantize', quantizationKind.options),
        options.text('sample'),
      ];
      if (sample !== undefined && kind !== 'static') throw new UsageError('--sample is for --quantize static');
      const ref = { name: modelRef(word!).name, version: await versionOf(call, word!) };
      const variant = kind && (await call('registry.quantize', { ...ref, kind, ...(sample !== undefined && { sample: resolve(sample) }) }));
      const written = await call('registry.export', { ...ref, file: resolve(file), ...(variant && { variant: variant.sha256 }) });
      return { ...written, variant: variant ?? null };
    },
    print: ({ file, sha256, variant }, out) => {
      out.fields({ file, sha256 });
      if (variant) printVariant(variant, out);
    },
  }),
  defineCommand({
    words: ['models', 'verify'],
    usage: '[NAME]',
    summary: 'Hashes every stored model again and names those that have changed.',
    positionals: { min: 0, max: 1 },
    run: ({ call, words: [name] }) => call('registry.verify', name === undefined ? {} : { name }),
    status: ({ corrupt }) => (corrupt.length > 0 ? 1 : 0),
  }),
];

/** The version that was named, or that the alias stands for, else that of `champion`, else the newest. */
async function versionOf(call: Context['call'], word: string): Promise<number> {
  const { name, version, alias } = modelRef(word);
  if (version !== undefined) return version;
  const { all, latest, champion } = await call('registry.get', { name });
  if (alias === undefined) return (champion ?? latest).version;
  const found = all.find(({ aliases }) => aliases.includes(alias));
  if (!found) throw new UsageError(`The model “${name}” has no alias “${alias}”`);
  return found.version;
}

async function candidateOf(call: Context['call'], word: string): Promise<string> {
  return (await call('registry.version', { name: modelRef(word).name, version: await versionOf(call, word) })).candidateId;
}

function conditionText({ column, kind, low, high, value }: SliceCondition): string {
  if (kind === 'missing') return `${column} is missing`;
  if (kind === 'value') return `${column} = ${value}`;
  return `${low === null ? '' : `${low} <= `}${column}${high === null ? '' : ` < ${high}`}`;
}

function metricOf({ primaryMetric, test }: ModelVersion): Record<string, unknown> {
  const value = test[primaryMetric];
  return { metric: primaryMetric, test: value ? estimateText(value) : '–' };
}

function printVariant(variant: ModelVariant, out: Out): void {
  const { kind, quantized, kept, sample, rows, metrics, answersChanged, largestDifference } = variant;
  out.fields({
    quantized: `${quantized} products in 8-bit integers, ${kind}`,
    'still float': kept.map(({ operator, count }) => `${operator} × ${count}`).join(', ') || 'nothing that was learned',
    ...(sample && { sample: `${sample.rows} rows of ${sample.file ?? 'the training data'}` }),
    bytes: `${variant.originalBytes} → ${variant.sizeBytes}`,
    'ms of one row': `${Number(variant.originalRowMs.toPrecision(3))} → ${Number(variant.rowMs.toPrecision(3))}`,
    'test rows': `${rows}, of which ${answersChanged} have another answer; largest difference ${Number(largestDifference.toPrecision(3))}`,
  });
  out.table(
    metrics.map(({ metric, a, b, difference, verdict }) => ({
      metric,
      float: estimateText(a),
      int8: estimateText(b),
      difference: estimateText(difference),
      verdict,
    })),
  );
}

function printVersion(version: ModelVersion, out: Out): void {
  const { model, version: number, aliases, learner, dataset, sha256, sizeBytes, description, createdAt, createdBy, test } = version;
  const figures = Object.fromEntries(Object.entries(test).map(([metric, value]) => [metric, estimateText(value)]));
  out.fields({
    model: `${model}:${number}`,
    aliases: aliases.join(' '),
    learner,
    data: `${dataset.name}@${dataset.version}`,
    ...figures,
    sha256,
    sizeBytes,
    description,
    created: `${time(createdAt)} by ${createdBy}`,
  });
}
