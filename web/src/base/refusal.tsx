/** What was refused or failed, told at once to who only hears the page too. */
import { visible } from './text.ts';

/** Null is nothing to tell. */
export function Refusal({ text }: { readonly text: string | null }) {
  if (text === null) return null;
  return (
    <p class="refusal" role="alert">
      {visible(text)}
    </p>
  );
}
