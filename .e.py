def sub(p, *pairs):
    s=open(p).read()
    for a,b in pairs:
        if a not in s: print('MISSING',p,repr(a)); continue
        s=s.replace(a,b,1)
    open(p,'w').write(s)
sub('src/access/jwt-keys.ts',
("""  let keys = readKeys(place);
  let stamp = stampOf(place);
  const timer = setInterval(() => {
    const seen = stampOf(place);
    if (seen === stamp) return;
    stamp = seen;
    try {
      keys = readKeys(place);
      changed();
      log.info({ file: place }, 'the keys of JWTs were read again');
    } catch (error) {
      log.error({ err: error }, 'The keys of JWTs cannot be read; those known before hold');
    }
  }, lookMs).unref();
  return { get: (header, token) => keys(header, token), close: () => clearInterval(timer) };""","""  const close = watchFile(place, () => {
    try {
      keys = readKeys(place);
      changed();
      log.info({ file: place }, 'the keys of JWTs were read again');
    } catch (error) {
      log.error({ err: error }, 'The keys of JWTs cannot be read; those known before hold');
    }
  });
  let keys = readKeys(place);
  return { get: (header, token) => keys(header, token), close };"""),
("""
function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`;
}
""",""),
("import { readFileSync, statSync } from","import { readFileSync } from"),
("const lookMs = 250;\n",""),
("import type { Log } from '../base/log.ts';","import type { Log } from '../base/log.ts';\nimport { watchFile } from '../base/watch-file.ts';"),
)
sub('src/access/token-file.ts',
("""/** What differs whenever the file was replaced; empty if there is none. */
export function stampOfTokens(dataDir: string): string {
  const found = statSync(join(accessFolder(dataDir), fileName), { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`;
}

""",""),
("import { mkdirSync, rmSync, statSync, writeFileSync }","import { mkdirSync, rmSync, writeFileSync }"),
("export const accessFolder = (dataDir: string): string => join(dataDir, 'access');\nconst fileName = 'tokens.json';","const accessFolder = (dataDir: string): string => join(dataDir, 'access');\nconst fileName = 'tokens.json';\nexport const tokensPath = (dataDir: string): string => join(accessFolder(dataDir), fileName);"),
("  const path = join(accessFolder(dataDir), fileName);\n","  const path = tokensPath(dataDir);\n"),
)
sub('src/access/token-book.ts',
("""  let entries = entriesOf(readTokens(dataDir), log);
  let stamp = stampOfTokens(dataDir);
  const listeners = new Set<() => void>();
  const living""","""  const listeners = new Set<() => void>();
  const unwatch = watchFile(tokensPath(dataDir), readAgain);
  let entries = entriesOf(readTokens(dataDir), log);
  const living"""),
("""  function look(): void {
    const seen = stampOfTokens(dataDir);
    if (seen !== stamp) {
      stamp = seen;
      try {
        entries = entriesOf(readTokens(dataDir), log);
        soonest = soonestOf(entries, now());
        log.info({ tokens: entries.size }, 'the tokens were read again');
      } catch (error) {
        log.error({ err: error }, 'The tokens cannot be read; those known before hold');
        return;
      }
    } else if (now() < soonest) return;
    soonest = soonestOf(entries, now());
    for (const listener of [...listeners]) listener();
  }

  const timer = setInterval(look, lookMs).unref();""","""  function readAgain(): void {
    try {
      entries = entriesOf(readTokens(dataDir), log);
    } catch (error) {
      log.error({ err: error }, 'The tokens cannot be read; those known before hold');
      return;
    }
    log.info({ tokens: entries.size }, 'the tokens were read again');
    tell();
  }

  /** One may have ended. */
  function tell(): void {
    soonest = soonestOf(entries, now());
    for (const listener of [...listeners]) listener();
  }

  const expiry = setInterval(() => {
    if (now() >= soonest) tell();
  }, lookMs).unref();"""),
("    close: () => clearInterval(timer),","    close() {\n      unwatch();\n      clearInterval(expiry);\n    },"),
("const lookMs = 250;\n\n",""),
("import { readTokens, stampOfTokens }","import { readTokens, tokensPath }"),
("import type { Log } from '../base/log.ts';","import type { Log } from '../base/log.ts';\nimport { lookMs, watchFile } from '../base/watch-file.ts';"),
)
sub('src/access/credentials.ts',("const lookMs = 250;\n\n",""),("import { everything,","import { lookMs } from '../base/watch-file.ts';\nimport { everything,"))
# record helpers
sub('src/access/token-record.ts',
("export function isLiving({ revoked, expires }: TokenRecord, now: number)","export function isLiving({ revoked, expires }: Pick<TokenRecord, 'revoked' | 'expires'>, now: number)"),
("  if (typeof value !== 'object' || value === null) return null;\n  const { id, name, hash, rights, filter, label, limits, made, expires, revoked } = value as Partial<\n    Record<keyof TokenRecord, unknown>\n  >; // each field is checked next\n","  if (!isRecord(value)) return null;\n  const { id, name, hash, rights, filter, label, limits, made, expires, revoked }: Partial<\n    Record<keyof TokenRecord, unknown>\n  > = value;\n"),
("  if (filter !== null && !isObject(filter)) return null;","  if (filter !== null && !isRecord(filter)) return null;"),
("  if (!isObject(value)) return null;\n  const given","  if (!isRecord(value)) return null;\n  const given"),
("""  return (
    typeof value === 'object' &&
    value !== null &&
    'key' in value &&
    'value' in value &&
    isText(value.key) &&
    isText(value.value)
  );""","""  return isRecord(value) && isText(value['key']) && isText(value['value']);"""),
("""function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

""",""),
("import type { Filter } from '../../schemas/filter.ts';","import type { Filter } from '../../schemas/filter.ts';\nimport { isRecord } from '../filter/read-model.ts';"),
)
sub('src/access/jwt.ts',
("!isObject(sluice)","!isRecord(sluice)"),
("""function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

""",""),
("import { filterKey } from '../filter/filter-key.ts';","import { filterKey } from '../filter/filter-key.ts';\nimport { isRecord } from '../filter/read-model.ts';"),
)
sub('src/access/forced-filter.ts',
("  if (typeof input !== 'object' || input === null || Array.isArray(input)) return { ok: false, issues: [noFilter] };","  if (!isRecord(input)) return { ok: false, issues: [noFilter] };"),
("  const hasSince = 'occurred' in input && isGiven(input.occurred, 'since');","  const hasSince = isGiven(input['occurred'], 'since');"),
("function unfitIn(input: object)","function unfitIn(input: Readonly<Record<string, unknown>>)"),
("  if ('resource' in input && isGiven(input.resource, 'distinct')) {","  if (isGiven(input['resource'], 'distinct')) {"),
("  return typeof value === 'object' && value !== null && (value as Record<string, unknown>)[name] !== undefined;","  return isRecord(value) && value[name] !== undefined;"),
("import { validateFilter }","import { isRecord } from '../filter/read-model.ts';\nimport { validateFilter }"),
)
sub('src/commands/token.ts',
("""function shown({ hash: _, revoked, limits, ...record }: TokenRecord, now: Date) {
  const state =
    revoked !== null
      ? 'revoked'
      : isLiving({ ...record, revoked, limits, hash: '' }, now.getTime())
        ? 'living'
        : 'expired';
  return { ...record, ...limits, state };""","""function shown({ hash: _, revoked, limits, ...record }: TokenRecord, now: Date) {
  const ended = revoked === null ? 'expired' : 'revoked';
  const state = isLiving({ ...record, revoked }, now.getTime()) ? 'living' : ended;
  return { ...record, ...limits, state };"""),
)
