import { toast as sonner } from 'svelte-sonner';
import Toast from './Toast.svelte';

/** Success of something that cannot be seen, for 6 s, one at a time, with Undo where that is possible. Errors are never toasts. */
export function toast(message: string, { undo }: { undo?: () => void } = {}): void {
  sonner.dismiss();
  const id: string | number = sonner.custom(Toast, {
    duration: 6000,
    componentProps: { message, undo, dismiss: () => void sonner.dismiss(id) },
  });
}
