import { expect, test } from 'vitest';
import { DisposableStore } from './disposable.ts';

test('closes in reverse order, every one even when some fail, and reports the failures', async () => {
  const order: string[] = [];
  const store = new DisposableStore();
  store.add(() => void order.push('function'));
  store.add({ [Symbol.dispose]: () => void order.push('sync') });
  store.add(() => Promise.reject(new Error('one')));
  store.add({ [Symbol.asyncDispose]: async () => void order.push('async') });
  store.add(() => {
    throw new Error('two');
  });
  await expect(store[Symbol.asyncDispose]()).rejects.toMatchObject({ errors: [{ message: 'two' }, { message: 'one' }] });
  expect(order).toEqual(['async', 'sync', 'function']);
});

test('closes once, and closes at once what comes too late', async () => {
  let closed = 0;
  const store = new DisposableStore();
  store.add(() => void closed++);
  await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
  expect(closed).toBe(1);
  store.add(() => void closed++);
  expect(closed).toBe(2);
});
