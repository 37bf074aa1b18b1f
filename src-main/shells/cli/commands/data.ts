import { resolve } from 'node:path';
import { columnTypes, encodings, type ColumnType, type DatasetVersion, type ImportOptions } from '../../../../src-shared/domain/table.ts';
import { defineCommand, UsageError, type Context, type Options } from '../command.ts';
import { datasetRef, integer } from '../options.ts';
import { time } from '../render.ts';

const formats = ['csv', 'parquet', 'json', 'jsonl', 'excel', 'images', 'texts'] as const;

export const dataCommands = [
  defineCommand({
    words: ['data', 'import'],
    usage:
      'FILE… --name NAME [--format F] [--encoding E] [--delimiter C] [--quote C] [--no-header] [--sheet NAME] [--missing TEXT]… [--type COLUMN=TYPE]… [--set-aside-broken-rows]',
    summary: 'Reads files or a folder into a new dataset, or a new version of one. What is not given is detected.',
    options: {
      name: { type: 'string' },
      format: { type: 'string' },
      encoding: { type: 'string' },
      delimiter: { type: 'string' },
      quote: { type: 'string' },
      'no-header': { type: 'boolean' },
      sheet: { type: 'string' },
      missing: { type: 'string', multiple: true },
      type: { type: 'string', multiple: true },
      'set-aside-broken-rows': { type: 'boolean' },
    },
    positionals: { min: 1, max: 10_000 },
    run: async ({ call, finish, words, options }) => {
      const name = options.required('name');
      const { jobId } = await call('data.import', { files: words.map((word) => resolve(word)), name, options: importOptions(options) });
      await finish(jobId);
      return call('data.get', { name });
    },
    print: ({ dataset, version, rows, columns, warnings, source }, out) => {
      out.line(
        `${dataset}@${version}: ${rows} rows, ${columns.length} columns${source.rowsSetAside ? `, ${source.rowsSetAside} broken rows set aside` : ''}`,
      );
      for (const { code, params } of warnings)
        out.line(`note: ${[code, ...Object.entries(params).map(([key, value]) => `${key} ${value}`)].join(', ')}`);
    },
  }),
  defineCommand({
    words: ['data', 'list'],
    usage: '',
    summary: 'Shows all datasets with their newest version.',
    run: ({ call }) => call('data.list', {}),
    print: (datasets, out) =>
      out.table(
        datasets.map(({ dataset, version, kind, rows, columns, sizeBytes, createdAt }) => ({
          dataset,
          version,
          kind,
          rows,
          columns: columns.length,
          sizeBytes,
          created: time(createdAt),
        })),
      ),
  }),
  defineCommand({
    words: ['data', 'show'],
    usage: 'NAME[@VERSION]',
    summary: 'Shows columns, origin and versions of a dataset.',
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [word] }) => call('data.get', datasetRef(word!)),
    print: ({ dataset, version, rows, sha256, source, createdAt, createdBy, columns, versions }, out) => {
      out.fields({
        dataset,
        version,
        versions: versions.length,
        rows,
        sha256,
        format: source.format,
        files: source.files.join(' '),
        created: `${time(createdAt)} by ${createdBy}`,
      });
      out.line();
      out.table(columns);
    },
  }),
  defineCommand({
    words: ['data', 'profile'],
    usage: 'NAME[@VERSION]',
    summary: 'Shows figures of each column: missing, distinct, range, frequent values, findings.',
    positionals: { min: 1, max: 1 },
    run: ({ call, words: [word] }) => call('data.profile', datasetRef(word!)),
    print: ({ rows, columns, findings }, out) => {
      out.line(`${rows} rows`);
      out.table(
        columns.map(({ name, type, missing, distinct, distinctExact, numeric, topValues, findings: found }) => ({
          name,
          type,
          missing,
          distinct: `${distinctExact ? '' : '≈ '}${distinct}`,
          min: numeric?.min,
          median: numeric?.p50,
          max: numeric?.max,
          frequent: topValues
            .slice(0, 3)
            .map(({ value }) => value)
            .join(', '),
          findings: found.map(({ code }) => code).join(' '),
        })),
      );
      for (const { code, severity } of findings) out.line(`${severity}: ${code}`);
    },
  }),
  defineCommand({
    words: ['data', 'diff'],
    usage: 'NAME FROM TO',
    summary: 'Compares two versions: columns, rows, distributions.',
    positionals: { min: 3, max: 3 },
    run: ({ call, words: [name, from, to] }) => call('data.diff', { name: name!, from: integer(from!, 'FROM'), to: integer(to!, 'TO') }),
  }),
  defineCommand({
    words: ['data', 'export'],
    usage: 'NAME[@VERSION] --output FILE [--format csv|parquet]',
    summary: 'Writes a version to a file; the format follows from the ending if it is not given.',
    options: { output: { type: 'string' }, format: { type: 'string' } },
    positionals: { min: 1, max: 1 },
    run: async ({ call, finish, words: [word], options }) => {
      const file = resolve(options.required('output'));
      const format = options.oneOf('format', ['csv', 'parquet']) ?? (file.endsWith('.parquet') ? 'parquet' : 'csv');
      const { name, version } = await atVersion(call, word!);
      const { jobId } = await call('data.export', { name, version, format, file });
      await finish(jobId);
      return { file, format, dataset: name, version };
    },
  }),
];

/** The version that was named, else the newest. */
export async function atVersion(call: Context['call'], word: string): Promise<{ name: string; version: number }> {
  const ref = datasetRef(word);
  if (ref.version !== undefined) return { name: ref.name, version: ref.version };
  const newest: DatasetVersion = await call('data.get', { name: ref.name });
  return { name: ref.name, version: newest.version };
}

function importOptions(options: Options): ImportOptions {
  const format = options.oneOf('format', formats);
  const encoding = options.oneOf('encoding', encodings);
  const delimiter = options.text('delimiter')?.replace(/^\\t$/, '\t');
  const [quote, sheet, missingTokens, types] = [
    options.text('quote'),
    options.text('sheet'),
    options.list('missing'),
    options.list('type'),
  ];
  return {
    ...(format ? { format } : {}),
    ...(encoding ? { encoding } : {}),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(quote === undefined ? {} : { quote }),
    ...(options.flag('no-header') ? { header: false } : {}),
    ...(sheet === undefined ? {} : { sheet }),
    ...(missingTokens ? { missingTokens } : {}),
    ...(types ? { types: Object.fromEntries(types.map(columnTypeOf)) } : {}),
    ...(options.flag('set-aside-broken-rows') ? { brokenRows: 'setAside' as const } : {}),
  };
}

/** `age=integer`; the column's name may contain `=`. */
function columnTypeOf(text: string): [string, ColumnType] {
  const at = text.lastIndexOf('=');
  const type = columnTypes.find((known) => known === text.slice(at + 1));
  if (at < 1 || !type) throw new UsageError(`--type is COLUMN=TYPE with one of ${columnTypes.join(', ')}, not “${text}”`);
  return [text.slice(0, at), type];
}
