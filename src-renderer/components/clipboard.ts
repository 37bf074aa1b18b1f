import { toast } from './toasts.ts';
import { t } from '../i18n/i18n.svelte.ts';

/** Copies; tells when the browser refuses, for a silent failure would paste something else. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    toast(t('components:copyFailed'));
    return false;
  }
}
