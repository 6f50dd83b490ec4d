/** Options that several commands share, and how their numbers are read. */
import { durationMs } from '../client/src/filter-line-time.ts';
import { type Call, type OptionRow, textOption } from './command-row.ts';
import { UsageError } from './exit-codes.ts';

export const connectionOptions: readonly OptionRow[] = [
  { flags: '--url <url>', help: 'the server (SLUICE_URL, else the profile, else http://127.0.0.1:4200)' },
  { flags: '--token-file <file>', help: 'file that holds the token (or SLUICE_TOKEN, or the profile)' },
  { flags: '--token <secret>', help: 'refused', isHidden: true },
  { flags: '--profile <name>', help: 'a profile of ~/.config/sluice/config.json (SLUICE_PROFILE)' },
  { flags: '-q, --quiet', help: 'no progress and no notices' },
];

export const windowOptions: readonly OptionRow[] = [
  { flags: '--since <time>', help: 'from this time on: ISO 8601, or so long ago as 45s 10m 12h 7d' },
  { flags: '--until <time>', help: 'up to this time' },
];

export const filterOptions: readonly OptionRow[] = [
  { flags: '-e, --event <name>', help: 'events of this name; door.* for all that begin so', isRepeatable: true },
  { flags: '-r, --resource <id>', help: 'of this resource; door.* for all that begin so', isRepeatable: true },
  {
    flags: '-l, --label <key=value>',
    help: 'whose resource has this label; * ? and ! in the value',
    isRepeatable: true,
  },
  { flags: '--related <entry>', help: 'with a related resource: ID&role=r&key=value', isRepeatable: true },
  { flags: '--any <entry>', help: 'with such a resource, its own or a related one', isRepeatable: true },
  { flags: '--text <query>', help: 'that hold these words', isRepeatable: true },
  { flags: '--id <id>', help: 'with this id', isRepeatable: true },
  { flags: '--filter <json>', help: "the API's filter as JSON, instead of all these" },
];

/** Throws UsageError for what is no whole number of at least `min`. */
export function wholeNumber(call: Pick<Call, 'options'>, name: string, flag: string, min = 1): number | undefined {
  const text = textOption(call, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && Number.isSafeInteger(value)) return value;
  throw new UsageError(`${flag} must be a whole number from ${min} on, not "${text}".`);
}

/** Milliseconds. Throws UsageError for what is no length of time. */
export function durationOption(call: Pick<Call, 'options'>, name: string, flag: string): number | undefined {
  const text = textOption(call, name);
  if (text === undefined) return undefined;
  const value = durationMs(text);
  if (value !== null && value > 0) return value;
  throw new UsageError(`${flag} must be a length of time as 45s, 10m, 12h or 7d, not "${text}".`);
}
