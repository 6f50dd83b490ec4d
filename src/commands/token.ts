/**
 * `sluice token create|list|revoke`: the tokens of a data folder, also while Sluice runs on it. The token itself is
 * shown once, when it is made, and stands alone on stdout.
 */
import { parseArgs } from 'node:util';
import type { Audit } from '../access/audit.ts';
import { hashOfToken, makeToken } from '../access/made-token.ts';
import type { TokenStore } from '../access/token-file.ts';
import { isLiving, type TokenRecord } from '../access/token-record.ts';
import { StartRefused, WrongUsage } from '../base/errors.ts';
import { readTokenOptions, tokenOptions } from './token-options.ts';

/** What a command says on its two outputs. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** Where the tokens are, and where what is done to them is written down. */
export interface TokenPlace {
  readonly tokens: TokenStore;
  /** Whether they are those of several gateways. */
  readonly areShared: boolean;
  readonly audit: Pick<Audit, 'operated'>;
}

/** Throws WrongUsage for words that are none of these commands and for a bad option, else StartRefused. */
export async function runToken(place: TokenPlace, words: readonly string[], now = new Date()): Promise<Said> {
  const [command, ...rest] = words;
  switch (command) {
    case 'create':
      return createToken(place, rest, now);
    case 'list':
      return listTokens(place, rest, now);
    case 'revoke':
      return revokeToken(place, rest, now);
    default:
      throw new WrongUsage(tokenHelp);
  }
}

export const tokenHelp = `the commands are
  sluice token create --name NAME [--read] [--write] [--admin] [--expires 30d] [--filter JSON] [--json]
                      [--label KEY=VALUE]
                      [--rate N] [--rate-bytes N] [--connections N] [--queries N]
  sluice token list [--json]
  sluice token revoke ID|NAME
for the folder that SLUICE_DATA_DIR or --data-dir names, also while Sluice runs; with the settings of a gateway for all
gateways of its log.`;

async function createToken(
  { tokens, areShared, audit }: TokenPlace,
  words: readonly string[],
  now: Date,
): Promise<Said> {
  const { isJson, ...wanted } = readTokenOptions(words, now);
  const { id, token } = makeToken();
  const record: TokenRecord = { id, hash: hashOfToken(token), made: now.toISOString(), revoked: null, ...wanted };
  let isFirst = false;
  await tokens.change((records) => {
    isFirst = records.length === 0;
    if (records.some((each) => each.name === record.name && isLiving(each, now.getTime()))) {
      throw new StartRefused(`There is a living token ${record.name} already: revoke it, or take another name.`);
    }
    return [...records, record];
  });
  const { name, rights, expires, filter } = record;
  audit.operated({ what: 'token made', token: { id, name, rights, expires, hasFilter: filter !== null } });
  const closes = isFirst ? 'It is the first: within a second nobody is let in without a credential.\n' : '';
  const everywhere = areShared ? 'It holds at all gateways.\n' : '';
  const rightsOf = record.rights.join(', ');
  const stderr = `Token ${id} ${record.name}: ${rightsOf}. It is shown this once.\n${everywhere}${closes}`;
  if (!isJson) return { stdout: `${token}\n`, stderr };
  return { stdout: `${JSON.stringify({ ...shown(record, now), token })}\n`, stderr: '' };
}

async function listTokens({ tokens }: TokenPlace, words: readonly string[], now: Date): Promise<Said> {
  const { values } = parseWords(words);
  const rows = (await tokens.read()).map((record) => shown(record, now));
  if (values.json === true) return { stdout: `${JSON.stringify(rows)}\n`, stderr: '' };
  const lines = rows.map(({ id, name, rights, state, expires, label, ...more }) => {
    const others = Object.entries(more).filter(([field, value]) => field !== 'made' && value !== null);
    const told = others.map(
      ([field, value]) => `${field} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    if (label !== null) told.unshift(`label ${label.key}=${label.value}`);
    return [id, state, name, rights.join(','), expires === null ? 'for ever' : `until ${expires}`, ...told].join('  ');
  });
  return { stdout: lines.map((line) => `${line}\n`).join(''), stderr: rows.length === 0 ? 'There is no token.\n' : '' };
}

async function revokeToken(
  { tokens, areShared, audit }: TokenPlace,
  words: readonly string[],
  now: Date,
): Promise<Said> {
  const { positionals } = parseWords(words);
  const [which = ''] = positionals;
  if (positionals.length !== 1) throw new WrongUsage('Say which token: `sluice token revoke ID|NAME`.');
  let revoked: TokenRecord | undefined;
  await tokens.change((records) => {
    revoked = records.find((each) => (each.id === which || each.name === which) && isLiving(each, now.getTime()));
    if (revoked === undefined) throw new StartRefused(`There is no living token ${which}: \`sluice token list\`.`);
    return records.map((each) => (each === revoked ? { ...each, revoked: now.toISOString() } : each));
  });
  const { id = '', name = '' } = revoked ?? {};
  audit.operated({ what: 'token revoked', token: { id, name } });
  const where = areShared
    ? 'two seconds no gateway that NATS reaches lets anybody in by it'
    : 'a second it lets nobody in';
  return { stdout: '', stderr: `Token ${id} ${name} is revoked: within ${where}.\n` };
}

function parseWords(words: readonly string[]) {
  const options = { json: { type: 'boolean' }, ...tokenOptions.everywhere } as const;
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw new WrongUsage(`${error instanceof Error ? error.message : String(error)}\n${tokenHelp}`);
  }
}

/** What may be shown of a token: all but its hash. */
function shown({ hash: _, revoked, limits, ...record }: TokenRecord, now: Date) {
  const ended = revoked === null ? 'expired' : 'revoked';
  const state = isLiving({ ...record, revoked }, now.getTime()) ? 'living' : ended;
  return { ...record, ...limits, state };
}
