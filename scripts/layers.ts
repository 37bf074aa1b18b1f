// Who may import whom, as data. `npm run lint` holds the sources against it; a message names what is allowed.

export interface Layer {
  /** For messages. */
  name: string;
  /** Its files, as a pattern of paths from the root of the repository. */
  files: string;
  /** What it may import among our own files, beside itself. */
  mayImport: readonly { name: string; files: string }[];
  /** True where no module of Node may be imported: no files, clock, network or processes. */
  noBuiltins?: boolean;
  /** Packages that it must not import. */
  neverPackages?: readonly string[];
}

const shared = { name: 'src-shared', files: '^src-shared/' };
const platform = { name: 'platform', files: '^src-main/platform/' };
const govern = { name: 'govern', files: '^src-main/govern/' };
const migrations = { name: 'migrations', files: '^src-main/migrations/' };
const kernels = { name: 'kernels', files: '^src-main/kernels/' };
const treesIndex = { name: 'trees/index.ts', files: '^src-main/trees/index\\.ts$' };
const compilerIndex = { name: 'compiler/index.ts', files: '^src-main/compiler/index\\.ts$' };
const flows = { name: 'flows', files: '^src-main/flows/' };
const everyApi = { name: 'the api.ts of every stage', files: '^src-main/stages/[^/]+/api\\.ts$' };
const version = { name: 'package.json', files: '^package\\.json$' };

export const stages = ['1-data', '2-label', '3-features', '4-train', '5-registry', '6-serve', '7-monitor', '8-learn', '9-advise'] as const;
/** Stages that build or read model graphs. */
const usesCompiler = new Set<string>(['3-features', '4-train', '5-registry']);
/** Stages that grow trees. */
const usesTrees = new Set<string>(['4-train']);

function stage(name: string, index: number): Layer {
  const lower = stages.slice(0, index);
  return {
    name: `stages/${name}`,
    files: `^src-main/stages/${name}/`,
    mayImport: [
      shared,
      platform,
      ...(lower.length > 0
        ? [{ name: `the api.ts of ${lower.join(', ')}`, files: `^src-main/stages/(${lower.join('|')})/api\\.ts$` }]
        : []),
      ...(usesCompiler.has(name) ? [compilerIndex] : []),
      ...(usesTrees.has(name) ? [treesIndex] : []),
    ],
  };
}

const inRenderer = (folder: string): { name: string; files: string } => ({ name: folder, files: `^src-renderer/${folder}/` });
/** What the rail lists, and the tour over it. */
const frameFacts = { name: 'frame/areas.ts and frame/tour.ts', files: '^src-renderer/frame/(areas|tour)\\.ts$' };
/** Words, figures, preferences and routes: what every part of the interface uses. */
const everyday = ['i18n', 'format', 'app', 'styles'].map(inRenderer);

export const layers: readonly Layer[] = [
  { ...shared, mayImport: [], noBuiltins: true, neverPackages: ['electron', 'better-sqlite3'] },
  { ...platform, mayImport: [shared] },
  { ...kernels, mayImport: [shared], noBuiltins: true, neverPackages: ['electron'] },
  {
    name: 'compiler',
    files: '^src-main/compiler/',
    mayImport: [shared, kernels],
    noBuiltins: true,
    neverPackages: ['electron', 'better-sqlite3', '@duckdb/node-api'],
  },
  {
    name: 'trees',
    files: '^src-main/trees/',
    // A tree ensemble becomes a graph of the compiler's.
    mayImport: [shared, kernels, compilerIndex],
    noBuiltins: true,
    neverPackages: ['electron', 'better-sqlite3', '@duckdb/node-api'],
  },
  { ...govern, mayImport: [shared, platform] },
  { ...migrations, mayImport: [platform] },
  ...stages.map(stage),
  { ...flows, mayImport: [shared, everyApi, govern, platform] },
  { name: 'rpc', files: '^src-main/rpc/', mayImport: [shared, flows, everyApi, govern, platform, version] },
  {
    name: 'core.ts',
    files: '^src-main/core(Process)?\\.ts$',
    mayImport: [shared, { name: 'everything but shells', files: '^src-main/(?!shells/|testing/)' }],
  },
  {
    name: 'shells',
    files: '^src-main/shells/',
    mayImport: [shared, platform, { name: 'core.ts', files: '^src-main/core(Process)?\\.ts$' }, version],
  },
  {
    name: 'src-renderer/rpc',
    files: '^src-renderer/rpc/',
    mayImport: [shared, ...everyday],
  },
  { name: 'src-renderer/managers', files: '^src-renderer/managers/', mayImport: [shared, inRenderer('rpc'), frameFacts, ...everyday] },
  {
    name: 'src-renderer/components and charts',
    files: '^src-renderer/(components|charts)/',
    // Choosing a file ends in an upload in the browser: the one place where a component talks to the core.
    mayImport: [shared, { name: 'rpc/files.ts', files: '^src-renderer/rpc/files\\.ts$' }, ...everyday],
  },
  {
    name: 'src-renderer/views',
    files: '^src-renderer/views/',
    mayImport: [shared, ...['managers', 'components', 'charts'].map(inRenderer), frameFacts, ...everyday],
  },
];
