// Sizes. Files and network in powers of 1000 (GB), memory and disk space in powers of 1024 (GiB).
import type { Language } from '../app/storedPreferences.ts';
import { NONE } from './numbers.ts';

const decimal = { base: 1000, units: ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] };
const binary = { base: 1024, units: ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] };

/** A file: `3.1 GB`, `842 kB`, `512 bytes`. */
export function formatBytes(sizeBytes: number | null | undefined, language: Language): string {
  return scale(sizeBytes, decimal, language);
}

/** Memory or disk space: `9.4 GiB`. */
export function formatMemory(sizeBytes: number | null | undefined, language: Language): string {
  return scale(sizeBytes, binary, language);
}

/** Part of a file in the unit of the whole: `3.1 of 4.8 GB`, `3.1 / 4.8 GB`. */
export function formatBytesOf(partBytes: number, wholeBytes: number, language: Language): string {
  return partOf(partBytes, wholeBytes, decimal, language);
}

/** Part of a memory in the unit of the whole: `9.4 of 24 GiB`. */
export function formatMemoryOf(partBytes: number, wholeBytes: number, language: Language): string {
  return partOf(partBytes, wholeBytes, binary, language);
}

interface Scale {
  base: number;
  units: string[];
}

function scale(sizeBytes: number | null | undefined, by: Scale, language: Language): string {
  if (sizeBytes == null || !Number.isFinite(sizeBytes)) return NONE;
  const power = powerOf(sizeBytes, by);
  return `${figure(sizeBytes / by.base ** power)} ${unit(power, by, language, sizeBytes)}`;
}

function partOf(part: number, whole: number, by: Scale, language: Language): string {
  const power = powerOf(whole, by);
  const share = by.base ** power;
  return `${figure(part / share)} ${language === 'zh' ? '/' : 'of'} ${figure(whole / share)} ${unit(power, by, language, whole)}`;
}

function powerOf(sizeBytes: number, { base, units }: Scale): number {
  const power = Math.floor(Math.log(Math.max(1, sizeBytes)) / Math.log(base));
  // 999.7 kB would be written "1000 kB".
  const rounded = Number(figure(sizeBytes / base ** power)) >= base ? power + 1 : power;
  return Math.min(units.length - 1, rounded);
}

function figure(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1).replace('.0', '');
}

function unit(power: number, by: Scale, language: Language, sizeBytes: number): string {
  if (power > 0) return by.units[power] ?? '';
  return language === 'zh' ? '字节' : sizeBytes === 1 ? 'byte' : 'bytes';
}
