/**
 * The settings that say what links begin with: what is no plain URL, or no list of networks, stops the start with a
 * sentence.
 */
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';

test('a public URL is a scheme, a host and a path, without a slash at its end', () => {
  for (const [sent, read] of [
    ['https://events.example.org', 'https://events.example.org'],
    ['HTTPS://events.example.org:8443/', 'https://events.example.org:8443'],
    ['http://[2001:db8::1]:4200/sluice/', 'http://[2001:db8::1]:4200/sluice'],
    ['https://a/b/c-d_e', 'https://a/b/c-d_e'],
  ] as const) {
    expect(readConfig({ SLUICE_PUBLIC_URL: sent }, []).publicUrl).toBe(read);
  }
  expect(readConfig({}, []).publicUrl).toBeNull();
});

test('anything else is refused', () => {
  const wrong = [
    'events.example.org',
    'ftp://a',
    'https://',
    'https://u:p@a',
    'https://a?b',
    'https://a#b',
    'https://a//b',
  ];
  for (const sent of [...wrong, 'https://a/../b', 'https://a b', 'https://a:0', 'https://a\r\nb', ' https://a']) {
    expect(() => readConfig({ SLUICE_PUBLIC_URL: sent }, []), sent).toThrow(/^SLUICE_PUBLIC_URL must be a scheme/);
  }
  for (const sent of ['localhost', '10.0.0.0/33', '10.0.0.0/8;::1']) {
    expect(() => readConfig({ SLUICE_TRUSTED_PROXIES: sent }, []), sent).toThrow(/^SLUICE_TRUSTED_PROXIES must be/);
  }
  expect(readConfig({ SLUICE_TRUSTED_PROXIES: 'none' }, []).trustedProxies).toBe('none');
});
