// One file per area; a new area is listed here and in ../zh/index.ts.
import { components } from './components.ts';
import { frame } from './frame.ts';
import { settings } from './settings.ts';

export const en = { frame, components, settings };
