/**
 * Settings and secrets as the surroundings give them: what an orchestrator injects counts as unset, any other unknown
 * name and every empty secret stop the start, and no secret is taken from a command line.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { firstValueFrom } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { remoteClickhouse } from '../../src/clickhouse/endpoint.ts';
import { readConfig, serviceLinks } from '../../src/config/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const serviceName = fc.stringMatching(/^[A-Z]([A-Z0-9_]{0,10}[A-Z0-9])?$/);
const port = fc.integer({ min: 1, max: 65_535 });
const proto = fc.constantFrom('tcp', 'udp', 'sctp');

/** As the kubelet writes them, for a service whose name begins with `sluice`. */
const injected = fc
  .record({
    rest: fc.option(serviceName, { nil: null }),
    port,
    proto,
    host: fc.constantFrom('10.0.0.7', '[fd00::7]'),
    named: serviceName,
  })
  .map(({ rest, port: number, proto: name, host, named }) => {
    const of = rest === null ? 'SLUICE' : `SLUICE_${rest}`;
    const url = `${name}://${host}:${number}`;
    const each = `${of}_PORT_${number}_${name.toUpperCase()}`;
    return {
      [`${of}_SERVICE_HOST`]: host,
      [`${of}_SERVICE_PORT`]: String(number),
      [`${of}_SERVICE_PORT_${named}`]: String(number),
      [`${of}_PORT`]: url,
      [each]: url,
      [`${each}_PROTO`]: name,
      [`${each}_PORT`]: String(number),
      [`${each}_ADDR`]: host,
    };
  });

describe('what an orchestrator injects for a service', () => {
  it('counts as unset, each of it, and is told by name', () => {
    fc.assert(
      fc.property(injected, (links) => {
        expect(readConfig(links, [])).toEqual(readConfig({}, []));
        expect(serviceLinks(links)).toEqual(Object.keys(links));
        expect(readConfig({ ...links, SLUICE_DATA_DIR: '/data' }, ['--port', '1234'])).toMatchObject({
          dataDir: '/data',
          port: 1234,
        });
      }),
    );
  });

  it('never hides a wrong name or a wrong value of ours', () => {
    expect(() => readConfig({ SLUICE_PORT: 'http' }, [])).toThrow('SLUICE_PORT must be a whole number');
    fc.assert(
      fc.property(serviceName, fc.string(), (name, value) => {
        fc.pre(!/SERVICE|PORT/.test(name));
        const env = `SLUICE_X${name}`;
        expect(() => readConfig({ [env]: value }, [])).toThrow(`Unknown setting ${env}`);
      }),
    );
  });

  it('leaves alone what a command line keeps in the environment', () => {
    expect(readConfig({ SLUICE_URL: 'http://host:4200', SLUICE_TOKEN: 'x' }, [])).toEqual(readConfig({}, []));
  });
});

const secrets = [
  ['SLUICE_AUTH_STRING', 'authString'],
  ['PREFECT_SERVER_API_AUTH_STRING', 'authString'],
  ['SLUICE_SIGNING_KEY', 'signingKey'],
  ['SLUICE_CLICKHOUSE_PASSWORD', 'clickhousePassword'],
] as const;

function fileOf(content: string): string {
  const path = join(folder, 'secret');
  writeFileSync(path, content);
  return path;
}

describe('a secret', () => {
  it.each(secrets)('%s that is set but empty stops the start, as its file does', (name) => {
    for (const blank of ['', ' ', '\n']) {
      expect(() => readConfig({ [name]: blank }, [])).toThrow(new RegExp(`^${name} is set, but empty.*leave it out`));
      expect(() => readConfig({ [`${name}_FILE`]: fileOf(blank) }, [])).toThrow(/which is empty/);
    }
    expect(() => readConfig({ [`${name}_FILE`]: '' }, [])).toThrow(`${name}_FILE is set, but empty`);
    expect(() => readConfig({ [name]: 'a', [`${name}_FILE`]: fileOf('a') }, [])).toThrow(
      `Both ${name} and ${name}_FILE`,
    );
    expect(() => readConfig({ [`${name}_FILE`]: folder }, [])).toThrow(/cannot be read \(EISDIR\)/);
    expect(() => readConfig({ [`${name}_FILE`]: join(folder, 'none') }, [])).toThrow(/cannot be read \(ENOENT\)/);
    expect(() => readConfig({ [`${name}_FILE`]: fileOf('x'.repeat(65_537)) }, [])).toThrow(/over 65536 bytes/);
  });

  it.each(secrets)('%s is the same from its variable and from its file, whose last line break is cut', (name, key) => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constantFrom('', '\n', '\r\n'), (secret, end) => {
        fc.pre(secret.trim() !== '' && !/[\r\n]$/.test(secret));
        expect(readConfig({ [name]: secret }, [])[key]).toBe(secret);
        expect(readConfig({ [`${name}_FILE`]: fileOf(secret + end) }, [])[key]).toBe(secret);
      }),
      { numRuns: 30 },
    );
  });

  it.each(['--auth-string', '--signing-key', '--clickhouse-password'])('is never taken from the flag %s', (flag) => {
    const sentence = /would show a secret to everybody.*set SLUICE_\w+.*by --[a-z-]+-file/;
    expect(() => readConfig({}, [flag, 'geheim'])).toThrow(sentence);
    expect(() => readConfig({}, [`${flag}=geheim`])).toThrow(sentence);
    const from = readConfig({ SLUICE_AUTH_STRING: 'of the environment' }, [
      `${flag}-file`,
      fileOf('geheim-geheim-geheim\n'),
    ]);
    expect(Object.values(from)).toContain('geheim-geheim-geheim');
  });

  it('of a URL is refused as a flag, but not the URL', () => {
    expect(readConfig({}, ['--clickhouse-url', 'http://me@host:8123/db']).clickhouseUrl).toBe('http://me@host:8123/db');
    for (const url of ['http://me:pw@host:8123', 'http://me:p/w@host', 'https://:pw@host']) {
      expect(() => readConfig({}, ['--clickhouse-url', url])).toThrow(/would show a secret/);
    }
    const several = 'http://one:8123/db,http://me@two:8123/db';
    expect(readConfig({}, ['--clickhouse-url', several]).clickhouseUrl).toBe(several);
    expect(() => readConfig({}, ['--clickhouse-url', `http://one/db,${'http://me:pw@two/db'}`])).toThrow(/secret/);
    expect(readConfig({ CLICKHOUSE_URL: '' }, []).clickhouseUrl).toBeNull();
    expect(readConfig({ CLICKHOUSE_URL_FILE: fileOf('http://a:b@h\n') }, []).clickhouseUrl).toBe('http://a:b@h');
  });
});

async function endpointOf(url: string, password: string | null = null) {
  const state = await firstValueFrom(remoteClickhouse(url, password).endpoint$);
  if (state.endpoint === null) throw new Error(state.reason);
  return state.endpoint;
}

const anyText = fc.string({ unit: 'grapheme' });
/** As password generators make them. */
const generated = fc.string({
  unit: fc.constantFrom(...'aZ09%:/?#@[]\\!$&\'()*+,;=^|{}"<>`~ -._'),
  minLength: 1,
  maxLength: 16,
});
const password = fc.oneof(anyText, generated);

describe('a password in CLICKHOUSE_URL', () => {
  it('is what was encoded, whatever its characters', async () => {
    await fc.assert(
      fc.asyncProperty(password, password, async (user, word) => {
        const url = `http://${encodeURIComponent(user)}:${encodeURIComponent(word)}@host:8123/db`;
        expect(await endpointOf(url)).toMatchObject({
          username: user || 'default',
          password: word,
          url: 'http://host:8123',
          database: 'db',
        });
      }),
    );
  });

  it('that is not encoded is read as it is, or refused with a sentence that says how, and never shown', async () => {
    await fc.assert(
      fc.asyncProperty(generated, async (word) => {
        try {
          const { url, database, ...found } = await endpointOf(`http://me:${word}@host:8123/db`);
          expect({ url, database }).toEqual({ url: 'http://host:8123', database: 'db' });
          // A % and two digits cannot be told from an encoded byte.
          if (!word.includes('%')) expect(found).toMatchObject({ username: 'me', password: word });
        } catch (error) {
          expect(error).toBeInstanceOf(StartRefused);
          expect(String(error)).toMatch(/@ as %40.*SLUICE_CLICKHOUSE_PASSWORD/);
          if (word.length > 4) expect(String(error)).not.toContain(word);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('may be given beside the URL, as it is', async () => {
    await fc.assert(
      fc.asyncProperty(password, async (word) => {
        expect(await endpointOf('http://me@host:8123/db', word)).toMatchObject({ username: 'me', password: word });
      }),
    );
    await expect(endpointOf('http://me:a@host', 'b')).rejects.toThrow(/leave one out/);
  });
});
