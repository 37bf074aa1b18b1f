import { expect, test } from 'vitest';
import { capsOf, nameOfPress } from './keyMatch.ts';

const press = (key: string, held: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {}) =>
  nameOfPress({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

test('a press has one name, whatever the layout and the platform', () => {
  expect(press('n')).toBe('n');
  expect(press('N', { shiftKey: true })).toBe('n');
  expect(press('?', { shiftKey: true })).toBe('?');
  expect(press('k', { ctrlKey: true })).toBe('Ctrl+K');
  expect(press('k', { metaKey: true })).toBe('Ctrl+K');
  expect(press('ArrowRight', { shiftKey: true })).toBe('Shift+ArrowRight');
  expect(press(' ')).toBe('Space');
});

test('caps show what is printed on the key', () => {
  expect(capsOf('Ctrl+K')).toEqual(['Ctrl K']);
  expect(capsOf('g d')).toEqual(['G', 'D']);
  expect(capsOf('Enter')).toEqual(['↵']);
  expect(capsOf('Shift+ArrowRight')).toEqual(['Shift →']);
  expect(capsOf('+')).toEqual(['+']);
});
