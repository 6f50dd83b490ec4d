/** Why the last line that was tried is none; null where it is one. */
import { signal } from '@preact/signals';

export const refusal = signal<string | null>(null);
