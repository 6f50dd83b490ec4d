/** What a person prefers, kept in this browser. */
import { effect, signal } from '@preact/signals';

export const isUtc = kept('sluice.utc', true);
export const isNewestAbove = kept('sluice.newestAbove', true);

function kept(name: string, value: boolean) {
  const found = localStorage.getItem(name);
  const preference = signal(found === null ? value : found === 'yes');
  effect(() => localStorage.setItem(name, preference.value ? 'yes' : 'no'));
  return preference;
}
