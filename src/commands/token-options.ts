/**
 * Reads what `sluice token create` is told.
 */
import { parseArgs } from 'node:util';
import { unitMs } from '../../schemas/time-units.ts';
import { readForcedFilter } from '../access/forced-filter.ts';
import { readForcedLabel } from '../access/forced-label.ts';
import { type Limits, type Right, rightNames } from '../access/identity.ts';
import type { TokenRecord } from '../access/token-record.ts';
import { WrongUsage } from '../base/errors.ts';
import { issueLine } from '../base/issue-line.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

export const tokenOptions = {
  /** Read by whoever starts the command. */
  everywhere: { 'data-dir': text },
  create: {
    ...{ name: text, read: flag, write: flag, admin: flag, expires: text, filter: text, json: flag },
    label: text,
    ...{ rate: text, 'rate-bytes': text, connections: text, queries: text },
  },
} as const;

export interface WantedToken extends Omit<TokenRecord, 'id' | 'hash' | 'made' | 'revoked'> {
  readonly isJson: boolean;
}

/** Throws WrongUsage with a sentence that names the option. */
export function readTokenOptions(words: readonly string[], now: Date): WantedToken {
  const values = parse(words);
  const { name = '', expires, filter } = values;
  if (!/^[\w.@+-]{1,64}$/.test(name)) {
    throw new WrongUsage('--name wants 1 to 64 letters, digits and . _ @ + -, as `--name ci`.');
  }
  const rights = rightNames.filter((right) => values[right] === true);
  if (rights.length === 0) throw new WrongUsage('Say what it may do: --read, --write, --admin, or several of them.');
  return {
    ...{ name, rights, isJson: values.json === true, limits: readLimits(values) },
    label: values.label === undefined ? null : readLabel(values.label, rights),
    expires: expires === undefined ? null : readEnd(expires, now),
    filter: filter === undefined ? null : readFilter(filter),
  };
}

function parse(words: readonly string[]) {
  const options = { ...tokenOptions.create, ...tokenOptions.everywhere };
  try {
    return parseArgs({ args: [...words], options }).values;
  } catch (error) {
    throw new WrongUsage(error instanceof Error ? error.message : String(error));
  }
}

type LimitOption = 'rate' | 'rate-bytes' | 'connections' | 'queries';

function readLimits(values: Readonly<Partial<Record<LimitOption, string>>>): Limits {
  const read = (option: LimitOption): number | null => {
    const sent = values[option];
    if (sent === undefined) return null;
    if (/^[1-9]\d{0,14}$/.test(sent)) return Number(sent);
    throw new WrongUsage(`--${option} wants a whole number above 0, not "${sent}".`);
  };
  return {
    rate: read('rate'),
    rateBytes: read('rate-bytes'),
    connections: read('connections'),
    queries: read('queries'),
  };
}

function readLabel(sent: string, rights: readonly Right[]): TokenRecord['label'] {
  const label = readForcedLabel(sent);
  if (typeof label === 'string') throw new WrongUsage(`--label ${label}.`);
  if (!rights.includes('write')) throw new WrongUsage('--label is of tokens that may --write.');
  return label;
}

function readEnd(sent: string, now: Date): string {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(sent) ?? [];
  const time = count === undefined ? Date.parse(sent) : now.getTime() + Number(count) * (unitMs[unit] ?? Number.NaN);
  const end = new Date(time);
  if (Number.isNaN(end.getTime())) throw new WrongUsage(`--expires wants 45s, 90m, 12h, 30d or a time, not "${sent}".`);
  if (end <= now) throw new WrongUsage(`--expires ${sent} has passed already.`);
  return end.toISOString();
}

function readFilter(sent: string): object {
  let filter: unknown;
  try {
    filter = JSON.parse(sent);
  } catch (error) {
    throw new WrongUsage(`--filter wants JSON: ${error instanceof Error ? error.message : 'it is none'}`);
  }
  const checked = readForcedFilter(filter);
  if (!checked.ok) throw new WrongUsage(`--filter is no filter: ${issueLine(checked.issues, 'unknown')}`);
  return filter as object; // a filter is an object
}
