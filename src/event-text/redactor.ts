/**
 * Redaction of events that were read and are good: by their canonical text, which has one form for every key, so that
 * none slips past by the way in which it was written.
 */
import { type RedactedText, redactText } from './redact-text.ts';
import { type PathNode, pathsOf } from './redaction-paths.ts';
import type { RedactionRule, Step } from './redaction-rules.ts';

export interface Redactor {
  /** Null for a text in which no rule finds anything. `text` is the canonical text of an event. */
  redact(text: string): RedactedText | null;
}

/** Null where the rules together are too intricate. */
export function createRedactor(rules: readonly RedactionRule[]): Redactor | null {
  const root = pathsOf(rules);
  if (root === null) return null;
  const marks = marksOf(rules);
  return {
    redact(text) {
      if (marks !== null && !marks.some((mark) => text.includes(mark))) return null;
      return redactWhole(text, root);
    },
  };
}

function redactWhole(text: string, root: PathNode): RedactedText | null {
  const redacted = redactText(text, root);
  return redacted.values === 0 ? null : redacted;
}

/** One of these stands in each text in which a rule finds something; null where no rule says what. */
function marksOf(rules: readonly RedactionRule[]): readonly string[] | null {
  const keys = rules.map((rule) => rule.findLast(isName));
  const marks = keys.map((step) => (step === undefined ? null : `${JSON.stringify(step.key)}:`));
  return marks.includes(null) ? null : [...new Set(marks.filter((mark) => mark !== null))];
}

/** What may also be the index of a list is no name that a text must have; nor are the fields that each event has. */
function isName(step: Step, at: number): step is Step & { readonly kind: 'key' } {
  return step.kind === 'key' && at > 0 && !/^\d+$/.test(step.key);
}
