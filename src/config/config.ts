/**
 * Reads the settings from environment variables and from the same names as command-line flags (`SLUICE_PORT=4300` is
 * `--port 4300`). A bad or unknown one stops the start with a sentence. Secrets come by environment or by file only.
 */
import { resolve } from 'node:path';
import { StartRefused, WrongUsage } from '../base/errors.ts';
import { type FailPointOrder, failPoints, forwarderFailPoints, parseFailPoint } from '../base/fail-point.ts';
import { parseNetworks } from '../base/ip-networks.ts';
import { parseOrigins } from '../base/origins.ts';
import { readPublicUrl } from '../base/public-url.ts';
import { type DaysByEvent, readDaysByEvent } from '../base/retention.ts';
import { fileFlagOf, flagOf, readSecret, refuseSecretFlag, secretNames } from './secrets.ts';
import { isServiceLink } from './service-links.ts';
import type { SettingRow } from './setting-row.ts';
import { type Config, settings } from './settings.ts';

export type { Config } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const rows: readonly SettingRow[] = Object.values(settings);
/** Of the command line that talks to a server: they may stand in a person's environment, and are no settings. */
export const othersNames = ['SLUICE_URL', 'SLUICE_TOKEN', 'SLUICE_PROFILE', 'SLUICE_TO_TOKEN', 'SLUICE_FORWARD_SECRET'];

/** Reads all settings; flags win over the environment. Throws StartRefused with a sentence that names the bad one. */
export function readConfig(given: Environment, flags: readonly string[]): Config {
  const environment = withoutServiceLinks(given);
  const sentFlags = readFlags(flags);
  const known = new Set([...rows.flatMap(namesOf), ...othersNames]);
  for (const name of Object.keys(environment)) {
    if (name.startsWith('SLUICE_') && !known.has(name)) {
      throw new StartRefused(`Unknown setting ${name}. \`sluice serve --help\` lists them all.`);
    }
  }
  const entries = Object.entries(settings).map(([name, row]: [string, SettingRow]) => {
    const typed = row.kind === 'secret' ? undefined : sentFlags.get(flagOf(row));
    const sent =
      row.kind === 'secret' ? readSecret(row, sentFlags, environment) : (typed ?? filled(environment[row.env]));
    if (sent === null || sent === undefined || sent === '') return [name, row.fallback];
    return [name, typed === undefined ? readValue(row, sent) : readTyped(row, typed)];
  });
  const config = Object.fromEntries(entries) as Config; // each row's value has just been read by its kind
  return { ...config, dataDir: resolve(config.dataDir) };
}

/** The names of variables that count as unset, for an orchestrator has put them there: see service-links.ts. */
export function serviceLinks(environment: Environment): readonly string[] {
  return Object.entries(environment)
    .filter(([name, value]) => isServiceLink(name, value ?? ''))
    .map(([name]) => name);
}

function withoutServiceLinks(environment: Environment): Environment {
  const links = new Set(serviceLinks(environment));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !links.has(name)));
}

function namesOf(row: SettingRow): readonly string[] {
  return row.kind === 'secret' ? secretNames(row) : [row.env];
}

/** The settings as lines for `--help`: all of them, or those of `names`. */
export function settingsHelp(names?: readonly (keyof Config)[]): string {
  const shown: readonly SettingRow[] = names === undefined ? rows : names.map((name) => settings[name]);
  return shown
    .map((row) => {
      const flag = row.kind === 'secret' && row.hasFlag !== true ? fileFlagOf(row) : flagOf(row);
      const fallback = row.fallback === null ? '' : ` (${shownFallback(row)})`;
      return `  ${flag.padEnd(34)} ${shownName(row).padEnd(38)} ${row.help}${fallback}`;
    })
    .join('\n');
}

/** The settings as the README's table. */
export function settingsTable(): string {
  const lines = rows.map(
    (row) => `| \`${shownName(row)}\` | ${row.fallback === null ? '–' : `\`${shownFallback(row)}\``} | ${row.help} |`,
  );
  return ['| setting | default | meaning |', '|---|---|---|', ...lines].join('\n');
}

function shownFallback({ kind, fallback }: SettingRow): string {
  return kind === 'switch' ? (fallback === true ? 'on' : 'off') : String(fallback);
}

/** A secret has a second name, of the file that holds it. */
function shownName(row: SettingRow): string {
  return row.kind === 'secret' ? `${row.env}[_FILE]` : row.env;
}

function readFlags(flags: readonly string[]): Map<string, string> {
  const known = new Set(
    rows.flatMap((row) => (row.kind === 'secret' ? [flagOf(row), fileFlagOf(row)] : [flagOf(row)])),
  );
  const given = new Map<string, string>();
  for (let at = 0; at < flags.length; at += 1) {
    const [flag = '', inline] = (flags[at] ?? '').split(/=(.*)/s);
    if (!known.has(flag)) throw new WrongUsage(`Unknown flag ${flag}. \`sluice serve --help\` lists them all.`);
    const isSwitch = rows.some((row) => row.kind === 'switch' && flagOf(row) === flag);
    const isAlone = isSwitch && !['on', 'off'].includes(flags[at + 1] ?? '');
    const value = inline ?? (isAlone ? 'on' : flags[++at]);
    if (value === undefined) throw new WrongUsage(`The flag ${flag} needs a value.`);
    const secret = rows.find((row) => row.kind === 'secret' && flagOf(row) === flag);
    if (secret !== undefined) refuseSecretFlag(secret, value);
    given.set(flag, value);
  }
  return given;
}

/** Throws WrongUsage for a bad value. */
function readTyped(row: SettingRow, typed: string): ReturnType<typeof readValue> {
  try {
    return readValue(row, typed);
  } catch (cause) {
    throw cause instanceof StartRefused ? new WrongUsage(cause.message, { cause }) : cause;
  }
}

function readValue(row: SettingRow, sent: string): number | string | boolean | FailPointOrder | DaysByEvent {
  switch (row.kind) {
    case 'integer': {
      const value = Number(sent);
      const { min = 0, max = Number.MAX_SAFE_INTEGER } = row;
      if (!/^\d+$/.test(sent) || value < min || value > max) {
        throw new StartRefused(`${row.env} must be a whole number from ${min} to ${max}, not "${sent}" (${row.help}).`);
      }
      return value;
    }
    case 'durability':
      return oneOf(row, sent, ['process', 'fsync']);
    case 'ddl':
      return oneOf(row, sent, ['keeper', 'direct']);
    case 'switch':
      return oneOf(row, sent, ['on', 'off']) === 'on';
    case 'level':
      return oneOf(row, sent, ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);
    case 'daysByEvent':
      return readDaysByEvent(row.env, sent);
    case 'failPoint': {
      const order = parseFailPoint(sent);
      if (order !== null) return order;
      const points = [...failPoints, ...forwarderFailPoints].join(', ');
      throw new StartRefused(`${row.env} must be point:hits with a point of ${points}, not "${sent}".`);
    }
    case 'url': {
      const url = readPublicUrl(sent);
      if (url !== null) return url;
      throw new StartRefused(
        `${row.env} must be a scheme, a host and at most a path, as https://events.example.org/sluice, not "${sent}".`,
      );
    }
    case 'release':
      if (/^3(\.\d{1,4}){2}$/.test(sent)) return sent;
      throw new StartRefused(`${row.env} must be a release of Prefect 3, as 3.8.8, not "${sent}".`);
    case 'origins':
      if (parseOrigins(sent) !== null) return sent;
      throw new StartRefused(
        `${row.env} must be * or none, or origins as https://a.example, separated by commas, not "${sent}".`,
      );
    case 'networks':
      if (parseNetworks(sent) !== null) return sent;
      throw new StartRefused(
        `${row.env} must be addresses or networks with commas between, as "10.0.0.0/8, ::1", or "none", not "${sent}".`,
      );
    case 'string':
    case 'optional':
    case 'secret':
      return sent;
    default:
      return row.kind satisfies never;
  }
}

function oneOf(row: SettingRow, sent: string, allowed: readonly string[]): string {
  if (!allowed.includes(sent))
    throw new StartRefused(`${row.env} must be one of ${allowed.join(', ')}, not "${sent}".`);
  return sent;
}

function filled(sent: string | undefined): string | undefined {
  return sent === '' ? undefined : sent;
}
