/** The descriptions as a server gives them: open, with its own address, and a page that asks for nothing else. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ask, serverOfEachTest } from '../../support/fake-server.ts';

const each = serverOfEachTest();

const headers = { host: 'sluice.example:80', authorization: '' };

describe('the descriptions', () => {
  it('are open, with and without /api, and name the server as the client does', async () => {
    const port = await each.start({ authString: 'admin:geheim' });
    for (const path of ['/openapi.json', '/asyncapi.json', '/docs']) {
      const answer = await ask(port, 'GET', path, { headers });
      expect([path, answer.status]).toEqual([path, 200]);
      expect((await ask(port, 'GET', `/api${path}`, { headers })).text).toBe(answer.text);
    }
    const openApi = JSON.parse((await ask(port, 'GET', '/openapi.json', { headers })).text);
    expect(openApi).toMatchObject({ openapi: '3.1.0', servers: [{ url: 'http://sluice.example:80/api' }] });
    const asyncApi = JSON.parse((await ask(port, 'GET', '/asyncapi.json', { headers })).text);
    expect(asyncApi).toMatchObject({
      asyncapi: '3.0.0',
      servers: { sluice: { host: 'sluice.example', pathname: '/api', protocol: 'ws' } },
    });
    expect((await ask(port, 'GET', '/docs', { headers })).text).toContain('http://sluice.example:80/api/events');
  });

  it('name the public address, under its path', async () => {
    const port = await each.start({ publicUrl: 'https://events.example/sluice' });
    const openApi = JSON.parse((await ask(port, 'GET', '/openapi.json')).text);
    expect(openApi.servers).toMatchObject([{ url: 'https://events.example/sluice/api' }]);
    const asyncApi = JSON.parse((await ask(port, 'GET', '/asyncapi.json')).text);
    expect(asyncApi.servers.sluice).toEqual({ host: 'events.example', pathname: '/sluice/api', protocol: 'wss' });
  });
});

describe('the page', () => {
  it('has no script and nothing from elsewhere, and its policy allows none', async () => {
    const port = await each.start();
    const { text, headers: given } = await ask(port, 'GET', '/docs');
    expect(given['content-type']).toBe('text/html; charset=utf-8');
    const [, style = ''] = /<style>([\s\S]*)<\/style>/.exec(text) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(given['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(text).not.toMatch(/<(script|link|img|iframe|object|form)\b|\b(src|style|on\w+)=|@import|url\(/);
    const links = [...text.matchAll(/href="([^"]*)"/g)].map(([, target = '']) => target);
    const outside = links.filter((target) => !target.startsWith('#'));
    expect(outside).toEqual(['openapi.json', 'asyncapi.json']);
  });

  it('leads by each of its links to a place that is there, once', async () => {
    const port = await each.start();
    const { text } = await ask(port, 'GET', '/docs');
    const ids = [...text.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...text.matchAll(/href="#([^"]*)"/g)].map(([, target = '']) => target);
    expect(targets.length).toBeGreaterThan(30);
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
  });

  it('closes what it opens', async () => {
    const port = await each.start();
    const { text } = await ask(port, 'GET', '/docs');
    const open: string[] = [];
    for (const [, end = '', name = ''] of text.matchAll(/<(\/?)([a-z]\w*)[^>]*>/g)) {
      if (name === 'meta') continue;
      if (end === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  it('shows a host as text', async () => {
    const port = await each.start({ publicUrl: `https://a.example/'"<b>` });
    expect((await ask(port, 'GET', '/docs')).text).not.toContain('<b>');
  });
});
