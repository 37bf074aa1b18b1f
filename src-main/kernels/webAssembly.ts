/** What we use of WebAssembly (https://webassembly.github.io/spec/js-api/): neither the language nor Node's types declare it. */
interface Memory {
  readonly buffer: ArrayBuffer;
}

interface Api {
  Memory: new (limits: { initial: number; maximum: number; shared?: boolean }) => Memory;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: Record<string, Record<string, unknown>>) => { readonly exports: object };
}

const api = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;

/** The functions of a module from its Base64 text, on `memory`. */
export function instantiate<Exports extends object>(base64: string, memory: Memory | SharedMemory): Exports {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.codePointAt(0)!);
  return new api.Instance(new api.Module(bytes), { env: { memory } }).exports as Exports;
}

export function createMemory(pages: number): Memory {
  return new api.Memory({ initial: pages, maximum: pages });
}

/** A memory that threads share: posted to another thread it stays the same memory. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

export function createSharedMemory(pages: number): SharedMemory {
  return new api.Memory({ initial: pages, maximum: pages, shared: true }) as unknown as SharedMemory;
}

export type { Memory };
