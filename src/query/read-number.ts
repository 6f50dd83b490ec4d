/**
 * Numbers as Pydantic's lax mode reads them from JSON: `true` is 1, and a text that is a number is read
 * (docs/prefect-facts.md, "Validation errors").
 */
import type { Checked, Location } from '../../schemas/validation-issue.ts';

/** A text may have a sign, digits with single underscores between them, and a fraction of zeros. */
export function readInteger(input: unknown, loc: Location): Checked<number> {
  switch (typeof input) {
    case 'boolean':
      return { ok: true, value: Number(input) };
    case 'number':
      if (!Number.isFinite(input)) return notFinite(input, loc);
      // `+ 0` turns a -0 into 0.
      if (Number.isInteger(input)) return { ok: true, value: input + 0 };
      return refuse(
        'int_from_float',
        'Input should be a valid integer, got a number with a fractional part',
        input,
        loc,
      );
    case 'string':
      if (integerText.test(input.trim())) return { ok: true, value: Number(input.trim().replaceAll('_', '')) };
      return refuse('int_parsing', 'Input should be a valid integer, unable to parse string as an integer', input, loc);
    default:
      return refuse('int_type', 'Input should be a valid integer', input, loc);
  }
}

/** Never infinite: Prefect answers 500 for an infinite number. NaN is for `within` to refuse. */
export function readNumber(input: unknown, loc: Location): Checked<number> {
  switch (typeof input) {
    case 'boolean':
      return { ok: true, value: Number(input) };
    case 'number':
      return input === Number.POSITIVE_INFINITY ? notFinite(input, loc) : { ok: true, value: input };
    case 'string': {
      const value = numberOfText(input.trim());
      if (value === Number.POSITIVE_INFINITY) return notFinite(input, loc);
      if (value !== null) return { ok: true, value };
      return refuse('float_parsing', 'Input should be a valid number, unable to parse string as a number', input, loc);
    }
    default:
      return refuse('float_type', 'Input should be a valid number', input, loc);
  }
}

/** Both bounds are inclusive; `input` is what was sent. */
export function within(
  value: number,
  { min, max }: { min: number; max: number | null },
  input: unknown,
  loc: Location,
): Checked<number> {
  if (max !== null && value > max) {
    return refuse('less_than_equal', `Input should be less than or equal to ${max}`, input, loc, { le: max });
  }
  if (!(value >= min)) {
    return refuse('greater_than_equal', `Input should be greater than or equal to ${min}`, input, loc, { ge: min });
  }
  return { ok: true, value };
}

const integerText = /^[+-]?\d+(?:_\d+)*(?:\.0+)?$/;
/** Each digit can be read in one way only, so that a long text costs no more than its length. */
const numberText = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const strayUnderscore = /^_|__|_$/;
const infinityText = /^\+?inf(inity)?$/i;
const nanText = /^([+-]?nan|-inf(inity)?)$/i;

function numberOfText(text: string): number | null {
  const digits = strayUnderscore.test(text) ? text : text.replaceAll('_', '');
  if (numberText.test(digits)) return Number(digits);
  if (infinityText.test(text)) return Number.POSITIVE_INFINITY;
  return nanText.test(text) ? Number.NaN : null;
}

function notFinite(input: unknown, loc: Location): Checked<never> {
  return refuse('finite_number', 'Input should be a finite number', input, loc);
}

function refuse(
  type: string,
  msg: string,
  input: unknown,
  loc: Location,
  ctx?: Readonly<Record<string, unknown>>,
): Checked<never> {
  return { ok: false, issues: [ctx ? { type, loc, msg, input, ctx } : { type, loc, msg, input }] };
}
