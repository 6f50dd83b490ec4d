/** The signing keys: made once, private, and refused with a sentence if they cannot serve. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StartRefused } from '../../src/base/errors.ts';
import { openKeys } from '../../src/base/keys.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('keys are made once, with mode 0600 and a version', () => {
  const signature = openKeys(directory).sign('text');
  const file = join(directory, 'keys');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1 });
  expect(openKeys(directory).verify('text', signature)).toBe(true);
  expect(openKeys(directory).verify('other', signature)).toBe(false);
});

test('keys that our own group may read are closed again', () => {
  const signature = openKeys(directory).sign('text');
  const file = join(directory, 'keys');
  chmodSync(file, 0o660);
  expect(openKeys(directory).verify('text', signature)).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('two data directories have other keys', () => {
  const signature = openKeys(directory).sign('text');
  rmSync(join(directory, 'keys'));
  expect(openKeys(directory).verify('text', signature)).toBe(false);
});

test('a secret needs no file', () => {
  const signature = openKeys('/nowhere', 'a secret of some length').sign('text');
  expect(openKeys('/nowhere', 'a secret of some length').verify('text', signature)).toBe(true);
});

test.each([
  ['a short secret', () => openKeys(directory, 'short'), /at least 16 characters/],
  ['a file that others may read', () => withFile('{"version":1}', 0o644), /can be read by other users/],
  ['a file of another version', () => withFile('{"version":2,"pageTokens":""}', 0o600), /version 1/],
  ['a cut file', () => withFile('{"version":1,"page', 0o600), /version 1/],
  ['a short key', () => withFile('{"version":1,"pageTokens":"AAAA"}', 0o600), /version 1/],
])('%s stops the start with a sentence', (_, open, sentence) => {
  expect(open).toThrow(StartRefused);
  expect(open).toThrow(sentence);
});

function withFile(text: string, mode: number): unknown {
  const file = join(directory, 'keys');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return openKeys(directory);
}
