/**
 * What one filter may ask for (docs/PROTOCOL.md, Bounds). A list of plain values costs hardly more than one value, and
 * has no bound of its own. All else is tried on every event. No honest client comes near.
 */
import type { Filter, LabelPatterns } from '../../schemas/filter.ts';
import type { Location, ValidationIssue } from '../../schemas/validation-issue.ts';
import { askParts } from './filter-parts.ts';
import { parsePattern } from './pattern.ts';

/** Each counts all of one filter, entries of `related` and `any_resource` included. */
export const filterBounds = {
  labels: { type: 'too_many_labels', max: 500, what: 'labels' },
  globs: { type: 'too_many_globs', max: 1000, what: 'values with * or ?' },
  // No index helps with them: a thousand cost ClickHouse a second of CPU.
  negatedGlobs: { type: 'too_many_negated_globs', max: 100, what: 'values that begin with ! and hold * or ?' },
  globCharacters: { type: 'globs_too_long', max: 65_536, what: 'characters in values with * or ?' },
  wilds: { type: 'too_many_wild_cards', max: 4096, what: 'runs of * and ? in its values' },
  floats: { type: 'too_many_floating_wild_cards', max: 8, what: 'pieces that hold ? and stand between two *' },
  floatCharacters: {
    type: 'floating_wild_cards_too_long',
    max: 256,
    what: 'characters in pieces that hold ? and stand between two *',
  },
} as const;

type Sizes = Record<keyof typeof filterBounds, number>;

/** One issue for each bound that the filter passes. */
export function boundIssues(filter: Filter, loc: Location): ValidationIssue[] {
  const labels = askParts(filter, (part, value) => part.labels(value)).flat();
  if (labels.length === 0) return [];
  const sizes = sizesOf(labels);
  return Object.entries(filterBounds).flatMap(([name, { type, max, what }]) => {
    const actual = sizes[name as keyof Sizes]; // a name of this very table
    if (actual <= max) return [];
    return [
      { type, loc, msg: `A filter may have at most ${max} ${what}, not ${actual}`, input: null, ctx: { max, actual } },
    ];
  });
}

function sizesOf(all: readonly LabelPatterns[]): Sizes {
  const sizes: Sizes = {
    labels: 0,
    globs: 0,
    negatedGlobs: 0,
    globCharacters: 0,
    wilds: 0,
    floats: 0,
    floatCharacters: 0,
  };
  for (const labels of all) addLabels(sizes, labels);
  return sizes;
}

function addLabels(sizes: Sizes, labels: LabelPatterns): void {
  for (const label of Object.keys(labels)) {
    sizes.labels += 1;
    for (const value of labels[label] ?? []) {
      const { isNegated, kind, text } = parsePattern(label, value);
      if (kind === 'equals') continue;
      sizes.globs += 1;
      if (isNegated) sizes.negatedGlobs += 1;
      sizes.globCharacters += value.length;
      if (kind === 'glob' && sizes.globs <= filterBounds.globs.max) addGlob(sizes, text);
    }
  }
}

/** Counts the pieces that `parseGlob` would make, and makes none: a long text may have half a million. */
function addGlob(sizes: Sizes, text: string): void {
  let pieceAt = -1;
  let hasWild = false;
  let before = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if ((code === star || code === question) && code !== before) sizes.wilds += 1;
    if (code === question) hasWild = true;
    if (code === star) {
      if (pieceAt >= 0 && hasWild) {
        sizes.floats += 1;
        sizes.floatCharacters += at - pieceAt;
      }
      pieceAt = at + 1;
      hasWild = false;
    }
    before = code;
  }
}

const star = 0x2a;
const question = 0x3f;
