// Checks imports against the layers, and finds cycles.
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import { layers, type Layer } from './layers.ts';

/** Tests may reach anywhere; what they start and use may too. */
const testFiles = '(\\.test\\.ts$)|(/(fixtures|tests|testing)/)|(/test[A-Z][^/]*\\.ts$)';

/** Messages of what is not allowed below `baseDir`, one a line; empty when all is well. */
export async function findViolations(
  baseDir: string,
  folders: readonly string[] = ['src-shared', 'src-main', 'src-renderer'],
): Promise<string[]> {
  const { output } = await cruise([...folders], {
    baseDir,
    validate: true,
    ruleSet: { forbidden: [...layers.flatMap(rulesOf), ...general] },
    tsPreCompilationDeps: true, // an import of types ties two layers together too
    doNotFollow: { path: 'node_modules' },
    exclude: { path: testFiles },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.svelte', '.js', '.mjs', '.json'],
    },
  });
  return (output as ICruiseResult).summary.violations.map(({ from, to, rule, cycle }) =>
    cycle?.length ? `cycle: ${[from, ...cycle.map(({ name }) => name)].join(' → ')}` : `${from} must not import ${to}: ${rule.name}`,
  );
}

function rulesOf({ name, files, mayImport, noBuiltins, neverPackages }: Layer): IForbiddenRuleType[] {
  const allowed = mayImport.map((other) => other.name);
  const pure = { name: `${name} knows no files, clock, database or window`, severity: 'error' as const, from: { path: files } };
  return [
    {
      name: `${name} may import ${allowed.length > 0 ? allowed.join(', ') : 'itself only'}`,
      severity: 'error',
      from: { path: files },
      to: {
        path: '^(src-shared|src-main|src-renderer|scripts|test|package\\.json)',
        pathNot: [files, ...mayImport.map((other) => other.files)],
      },
    },
    ...(noBuiltins ? [{ ...pure, to: { dependencyTypes: ['core'] } } satisfies IForbiddenRuleType] : []),
    ...(neverPackages ? [{ ...pure, to: { path: `(^|node_modules/)(${neverPackages.join('|')})(/|$)` } }] : []),
  ];
}

const general: IForbiddenRuleType[] = [
  { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
  {
    name: 'only platform/onnxRuntime.ts loads ONNX Runtime: elsewhere it would call its maker',
    severity: 'error',
    from: { path: '^src-main/', pathNot: '^src-main/platform/onnxRuntime\\.ts$' },
    to: { path: '(^|node_modules/)onnxruntime-node(/|$)' },
  },
  { name: 'everything imported must exist', severity: 'error', from: {}, to: { couldNotResolve: true, path: '^\\.' } },
];
