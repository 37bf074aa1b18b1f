import type { Attachment } from 'svelte/attachments';

/** Makes a region reachable by keyboard while, and only while, there is something to scroll. */
export const scrollFocus: Attachment<HTMLElement> = (element) => {
  const check = (): void => {
    const scrolls = element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1;
    if (scrolls) element.tabIndex = 0;
    else element.removeAttribute('tabindex');
  };
  const observer = new ResizeObserver(check);
  observer.observe(element);
  const inside = new MutationObserver(check);
  inside.observe(element, { childList: true, subtree: true, characterData: true });
  return () => {
    observer.disconnect();
    inside.disconnect();
  };
};
