import { typed, TypedOps } from '../../2-shapes/typedOps.ts';
import { encodeModel } from '../../onnx/encode.ts';
import { GraphBuilder } from '../../onnx/graphBuilder.ts';
import type { Runtime } from '../runtime.ts';

const known = new WeakMap<Runtime, Promise<boolean>>();

/**
 * Whether the runtime reads and writes tensors in memory that threads share. Node-API refuses such arrays up to some version of
 * Node (24.21 takes them); then every thread copies weights, rows and gradients. Asked by a run of one addition, once for a runtime.
 */
export function takesSharedMemory(runtime: Runtime): Promise<boolean> {
  let answer = known.get(runtime);
  if (!answer) known.set(runtime, (answer = probe(runtime).catch(() => false)));
  return answer;
}

async function probe(runtime: Runtime): Promise<boolean> {
  const builder = new GraphBuilder('probe');
  const g = new TypedOps(builder);
  const x = typed(builder.input('x', 'float32', [2]));
  builder.output(g.add(x, x), 'y');
  const session = await runtime.createSession(encodeModel(builder.build(), { producer: 'modelkeep' }));
  const [from, into] = [sharedFloats(2), sharedFloats(2)];
  from.set([1, 2]);
  try {
    await session.run({ x: runtime.tensor('float32', from, [2]) }, { y: runtime.tensor('float32', into, [2]) });
    return into[0] === 2 && into[1] === 4;
  } finally {
    await session.release();
  }
}

export function sharedFloats(length: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
}

export function sharedIntegers(length: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
}
