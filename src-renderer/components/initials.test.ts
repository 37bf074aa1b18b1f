import { expect, test } from 'vitest';
import { initialsOf } from './initials.ts';

test('initials of Latin, login and Chinese names', () => {
  expect(['Lin Yue', 'maria.novak', '林悦', 'root', ' ', 'Ana Maria de Souza'].map(initialsOf)).toEqual(['LY', 'MN', '林', 'R', '', 'AM']);
});
