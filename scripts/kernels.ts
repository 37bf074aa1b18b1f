// npm run kernels: compiles src-main/kernels/assembly/* to WebAssembly and writes it as src-main/kernels/compiled/*.ts, so that
// neither the bundler nor a start needs a compiler. A test holds the two together.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { firstFreeByte, kernelModules, mostPages, type KernelModule } from '../src-main/kernels/modules.ts';

const root = join(import.meta.dirname, '..');
const folder = 'src-main/kernels';

export function compiledFile({ name }: KernelModule): string {
  return join(root, folder, 'compiled', `${name}.ts`);
}

/** The source of `compiled/<name>.ts`. Throws with the compiler's messages when the kernels do not compile. */
export async function compileKernels({ name, source = name, memory }: KernelModule): Promise<string> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      `${folder}/assembly/${source}/index.ts`,
      '-O3 --noAssert --runtime stub --importMemory --noExportMemory --enable simd'.split(' '),
      ['--memoryBase', String(firstFreeByte), '--baseDir', root, '--outFile', 'kernels.wasm'],
      memory === 'shared' ? ['--enable', 'threads', '--sharedMemory', '--maximumMemory', String(mostPages)] : [],
    ].flat(),
    {
      writeFile: (file, contents) => {
        if (file === 'kernels.wasm') wasm = contents as Uint8Array;
      },
    },
  );
  if (error || !wasm) throw new Error(`assembly/${source} does not compile: ${stderr.toString()}`, { cause: error });
  return [
    `// Generated from assembly/${source} by \`npm run kernels\`: WebAssembly, ${wasm.length} bytes.`,
    `export const ${name}Module =\n  '${Buffer.from(wasm).toString('base64')}';\n`,
  ].join('\n');
}

if (import.meta.main)
  for (const each of kernelModules) {
    writeFileSync(compiledFile(each), await compileKernels(each));
    console.log(`Wrote ${compiledFile(each)}`);
  }
