/** One WebAssembly module of this folder, as `npm run kernels` compiles it. */
export interface KernelModule {
  /** The result is `compiled/<name>.ts`. */
  readonly name: string;
  /** Folder in `assembly/` with an `index.ts`; default as the name. */
  readonly source?: string;
  /** One of one thread, or between threads: a module is compiled for either. Not every Node lets ONNX Runtime read a shared one in place. */
  readonly memory: 'private' | 'shared';
}

export const kernelModules: readonly KernelModule[] = [
  { name: 'training', memory: 'private' },
  { name: 'trainingShared', source: 'training', memory: 'shared' },
  { name: 'trees', memory: 'shared' },
  { name: 'treeScore', memory: 'private' },
  { name: 'treeShap', memory: 'private' },
];

/** The most that a module may address, in pages of 64 KiB: 4 GiB. */
export const mostPages = 65_536;
/** Below this address a module may keep constants of its own; vectors start above. */
export const firstFreeByte = 1024;
