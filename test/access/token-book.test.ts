/**
 * The tokens of a data folder, as commands change them and a server sees them.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noLimits } from '../../src/access/identity.ts';
import { hashOfToken, makeToken } from '../../src/access/made-token.ts';
import { openTokenBook, type TokenBook } from '../../src/access/token-book.ts';
import { changeTokens, readTokens } from '../../src/access/token-file.ts';
import type { TokenRecord } from '../../src/access/token-record.ts';
import { createLog } from '../../src/base/log.ts';
import { until } from '../../support/poll.ts';

let folder = '';
let book: TokenBook | null = null;
let now = Date.parse('2026-11-29T12:00:00Z');
const file = (): string => join(folder, 'access', 'tokens.json');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-access-'));
});
afterEach(() => {
  book?.close();
  rmSync(folder, { recursive: true, force: true });
});

function recordOf(id: string, token: string, more: Partial<TokenRecord> = {}): TokenRecord {
  return {
    ...{ id, name: `of ${id}`, hash: hashOfToken(token), rights: ['read'] as const, filter: null, label: null },
    ...{ limits: noLimits, made: '2026-11-29T00:00:00.000Z', expires: null, revoked: null },
    ...more,
  };
}

async function add(more: Partial<TokenRecord> = {}): Promise<string> {
  const { id, token } = makeToken();
  await changeTokens(folder, (records) => [...records, recordOf(id, token, more)]);
  return token;
}

const open = (): TokenBook => {
  book = openTokenBook(folder, createLog('silent'), () => now);
  return book;
};

describe('the tokens of a folder', () => {
  it('are hashes only, for nobody else to read', async () => {
    const token = await add();
    const text = readFileSync(file(), 'utf8');
    expect(text).not.toContain(token.slice(-43));
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'access')).mode & 0o777).toBe(0o700);
  });

  it('are all there after twenty changes at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => add()));
    expect(readTokens(folder)).toHaveLength(20);
  });

  it('stop a start, and do not open the server, when their file cannot be understood', async () => {
    await add();
    for (const text of ['', '{}', '{"version":2,"tokens":[]}', '{"version":1,"tokens":[{}]}']) {
      writeFileSync(file(), text);
      expect(() => open()).toThrow('holds no tokens of version 1');
    }
  });
});

describe('a book of tokens', () => {
  it('hears of a new one and of a revoked one within a second', async () => {
    const known = open();
    expect(known.isUsed).toBe(false);
    const token = await add();
    await until('the token', () => (known.find(token) !== null ? true : undefined));
    const identity = known.find(token);
    let calls = 0;
    known.onChange(() => {
      calls += 1;
    });
    await changeTokens(folder, (records) => records.map((each) => ({ ...each, revoked: '2026-11-29T12:00:00Z' })));
    await until('the end', () => (known.find(token) === null ? true : undefined));
    expect([identity !== null && known.hasEnded(identity), known.isUsed, calls > 0]).toEqual([true, true, true]);
  });

  it('lets nobody in with one that has expired, and tells when', async () => {
    const token = await add({ expires: '2026-11-29T12:00:10Z' });
    const known = open();
    const identity = known.find(token);
    expect(identity?.rights).toEqual(new Set(['read']));
    let isTold = false;
    known.onChange(() => {
      isTold = true;
    });
    now += 10_000;
    expect([known.find(token), identity !== null && known.hasEnded(identity)]).toEqual([null, true]);
    await until('the expiry', () => (isTold ? true : undefined));
  });

  it('goes on with what it knew when the file is damaged', async () => {
    const token = await add();
    const known = open();
    writeFileSync(file(), 'damaged');
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(known.find(token)).not.toBeNull();
  });

  it('lets nobody in with a token whose filter is none', async () => {
    const token = await add({ filter: { event: 7 } });
    expect(open().find(token)).toBeNull();
  });
});
