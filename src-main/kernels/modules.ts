/** One WebAssembly module of this folder, as `npm run kernels` compiles it. */
export interface KernelModule {
  /** Folder in `assembly/` with an `index.ts`; the result is `compiled/<name>.ts`. */
  readonly name: string;
  /** A memory between threads ('shared') cannot be read by ONNX Runtime in place; a 'private' one can. */
  readonly memory: 'private' | 'shared';
}

export const kernelModules: readonly KernelModule[] = [
  { name: 'training', memory: 'private' },
  { name: 'trees', memory: 'shared' },
  { name: 'treeScore', memory: 'private' },
  { name: 'treeShap', memory: 'private' },
];

/** The most that a module may address, in pages of 64 KiB: 4 GiB. */
export const mostPages = 65_536;
/** Below this address a module may keep constants of its own; vectors start above. */
export const firstFreeByte = 1024;
