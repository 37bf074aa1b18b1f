import type { en } from '../en/index.ts';
import type { Translation } from '../keyTypes.ts';
import { components } from './components.ts';
import { frame } from './frame.ts';
import { settings } from './settings.ts';

export const zh = { frame, components, settings } satisfies { [N in keyof typeof en]: Translation<(typeof en)[N]> };
