/**
 * UUIDs as Prefect reads them, and the words with which it refuses them (docs/prefect-facts.md, "Validation errors").
 */
import { isDashedUuid } from '../../schemas/dashed-uuid.ts';
import type { ValidationIssue } from '../../schemas/validation-issue.ts';

export type ParsedUuid =
  | { readonly ok: true; readonly id: string }
  | ({ readonly ok: false } & Pick<ValidationIssue, 'type' | 'msg' | 'ctx'>);

const dashed = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Any JSON value as a UUID in lower case with dashes; it may come without dashes, in braces, or as a `urn:uuid:`. */
export function parseUuid(value: unknown): ParsedUuid {
  if (typeof value !== 'string') {
    return { ok: false, type: 'uuid_type', msg: 'UUID input should be a string, bytes or UUID object' };
  }
  if (isDashedUuid(value)) return { ok: true, id: value };
  const text = value.toLowerCase();
  if (dashed.test(text)) return { ok: true, id: text };
  if (/^[0-9a-f]{32}$/.test(text)) return { ok: true, id: text.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') };
  const { bare } = unwrap(value);
  if (dashed.test(bare.toLowerCase())) return { ok: true, id: bare.toLowerCase() };
  const error = whyNot(value);
  return { ok: false, type: 'uuid_parsing', msg: `Input should be a valid UUID, ${error}`, ctx: { error } };
}

function unwrap(value: string): { bare: string; offset: number; isWrapped: boolean } {
  if (value.startsWith('{') && value.endsWith('}')) return { bare: value.slice(1, -1), offset: 0, isWrapped: true };
  if (value.startsWith('urn:uuid:')) return { bare: value.slice(9), offset: 9, isWrapped: true };
  return { bare: value, offset: 0, isWrapped: false };
}

const groupEnds = [8, 13, 18, 23];
const groupStarts = [0, 9, 14, 19];
const longestForm = 45;

/** The words of Rust's uuid crate, its byte counts included. */
function whyNot(value: string): string {
  const bytes = Buffer.byteLength(value);
  if (bytes > longestForm) return `invalid length: found ${bytes}`;
  const { bare, offset, isWrapped } = unwrap(value);
  const odd = /[^0-9a-f-]/iu.exec(bare);
  if (odd !== null) return `invalid character: found \`${odd[0]}\` at ${offset + odd.index}`;
  const groups = bare.split('-');
  if (groups.length === 1 && !isWrapped && bytes !== 36) return `invalid length: found ${bytes}`;
  if (groups.length !== 5) return `invalid group count: expected 5, found ${groups.length}`;
  let end = -1;
  for (let group = 0; group < 4; group += 1) {
    end += 1 + (groups[group]?.length ?? 0);
    if (end === groupEnds[group]) continue;
    const found = end - (groupStarts[group] ?? 0);
    return `invalid group length in group ${group}: expected ${group === 0 ? 8 : 4}, found ${found}`;
  }
  return `invalid group length in group 4: expected 12, found ${bytes - 24}`;
}
