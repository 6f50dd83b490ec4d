/**
 * Text of events for people, on a terminal and on a page: control characters and what turns the direction of text are
 * shown as `\u001b`, so that an event can neither move the cursor nor disguise what stands beside it.
 */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

export function visible(text: string): string {
  return text.replace(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
