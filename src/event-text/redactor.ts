/**
 * Redaction of events that were read and are good: by their canonical text, which has one form for every key, so that
 * none slips past by the way in which it was written.
 */
import { type RedactedText, redactText } from './redact-text.ts';
import { type PathNode, pathsOf } from './redaction-paths.ts';
import type { RedactionRule, Step } from './redaction-rules.ts';

export interface Redactor {
  /** False for a body or message, as it was sent, in which no rule can find anything. */
  mayFind(sent: Buffer): boolean;
  /** Null for a text in which no rule finds anything. `text` is the canonical text of an event. */
  redact(text: string): RedactedText | null;
}

/** Null where the rules together are too intricate. */
export function createRedactor(rules: readonly RedactionRule[]): Redactor | null {
  const root = pathsOf(rules);
  if (root === null) return null;
  const names = namesOf(rules);
  const marks = names?.map((name) => `${JSON.stringify(name)}:`) ?? null;
  const sentMarks = names?.every(hasOneForm) === true ? patternOf(names) : null;
  return {
    mayFind: (sent) => sentMarks === null || sentMarks.test(sent.toString('latin1')),
    redact(text) {
      if (marks !== null && !marks.some((mark) => text.includes(mark))) return null;
      return redactWhole(text, root);
    },
  };
}

/** Whether a sender can write it in no other way than with `\u`, which can be every character. */
function hasOneForm(name: string): boolean {
  return !name.includes('/') && JSON.stringify(name) === `"${name}"`;
}

/** Of the bytes of texts, each as one character: one pass takes a third of one search for each name. */
function patternOf(names: readonly string[]): RegExp {
  const literals = names.map((name) =>
    Buffer.from(name)
      .toString('latin1')
      .replaceAll(/[$()*+.?[\\\]^{|}-]/g, '\\$&'),
  );
  return new RegExp(`"(?:${literals.join('|')})"|\\\\u`);
}

function redactWhole(text: string, root: PathNode): RedactedText | null {
  const redacted = redactText(text, root);
  return redacted.values === 0 ? null : redacted;
}

/** One of these is a key in each event in which a rule finds something; null where a rule says none. */
function namesOf(rules: readonly RedactionRule[]): readonly string[] | null {
  const names = rules.map((rule) => rule.findLast(isName)?.key ?? null);
  return names.includes(null) ? null : [...new Set(names.filter((name) => name !== null))];
}

/** What may also be the index of a list need not be a key; and the field in which a rule looks is in each event. */
function isName(step: Step, at: number): step is Step & { readonly kind: 'key' } {
  return step.kind === 'key' && at > 0 && !/^\d+$/.test(step.key);
}
