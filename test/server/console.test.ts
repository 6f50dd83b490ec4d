/** The console's files: where they are served, what their heads say, and that nothing of the API moved for them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConsole } from '../../src/server/console.ts';
import { ask, serverOfEachTest } from '../../support/fake-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-console-'));
const page = `<!doctype html><base href="./"><script src="console/assets/console-A1.js"></script>${' '.repeat(600)}`;
const script = `console.log(${JSON.stringify('x'.repeat(1000))})`;
writeFileSync(join(folder, 'index.html'), page);
writeFileSync(join(folder, 'console-A1.js'), script);
writeFileSync(join(folder, 'console-B2.css'), 'p{}');
const files = loadConsole(folder);
afterAll(() => rmSync(folder, { recursive: true }));

const each = serverOfEachTest();

describe('the console', () => {
  it('is at / and /console/, open to all, its base relative to where it was asked for', async () => {
    const port = await each.start({ authString: 'secret', console: files });
    for (const [path, base] of [
      ['/', './'],
      ['/console', './'],
      ['/console/', '../'],
      ['/console/live', '../'],
      ['/console/anything', '../'],
    ]) {
      const answer = await ask(port, 'GET', path ?? '');
      expect([path, answer.status, answer.headers['content-type']]).toEqual([path, 200, 'text/html; charset=utf-8']);
      expect(answer.text).toContain(`<base href="${base}">`);
      expect(answer.headers['cache-control']).toBe('no-cache');
      expect(answer.headers['content-security-policy']).toContain(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:",
      );
    }
  });

  it('has files with names of their own, which caches may keep, gzipped for those who take it', async () => {
    const port = await each.start({ console: files });
    const plain = await ask(port, 'GET', '/console/assets/console-A1.js');
    expect(plain.text).toBe(script);
    expect(plain.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding',
    });
    const headers = { 'accept-encoding': 'gzip' };
    const packed = await ask(port, 'GET', '/console/assets/console-A1.js', { headers });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.bytes).toString()).toBe(script);
    const head = await ask(port, 'HEAD', '/console/assets/console-B2.css');
    expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '3', '']);
  });

  it('takes nothing from the API, and no path below its own that it does not have', async () => {
    const port = await each.start({ authString: 'secret', console: files });
    for (const path of [
      '/api/',
      '/api/console',
      '/console/assets/none.js',
      '/console/a/b',
      '/consoles',
      '/index.html',
    ]) {
      expect([path, (await ask(port, 'GET', path)).status]).toEqual([path, 401]);
    }
    expect((await ask(port, 'POST', '/')).status).toBe(401);
    expect((await ask(port, 'POST', '/console/live')).status).toBe(401);
    expect((await ask(port, 'GET', '/api/health')).text).toBe('true');
  });

  it('asks for no credential by a header: the browser would cover its form with a dialog', async () => {
    const port = await each.start({ authString: 'secret', console: files });
    const refused = await ask(port, 'POST', '/api/events/filter', { body: '{}' });
    expect(refused.status).toBe(401);
    expect(refused.headers).not.toHaveProperty('www-authenticate');
  });
});
