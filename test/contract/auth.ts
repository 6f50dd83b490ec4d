/**
 * docs/prefect-facts.md, "The auth string": an auth string over HTTP.
 */
import { describe, expect } from 'vitest';
import { type Sending, send } from '../../support/http.ts';
import { basicAuth, law, type Target } from '../../support/target.ts';

type Guarded = Target & { readonly authString: string };

/** Routes that want credentials, whatever else is wrong with the request. */
const guarded: readonly Sending[] = [
  { method: 'POST', path: '/api/events', body: '[]' },
  { method: 'POST', path: '/api/events', body: '{nope' },
  { method: 'POST', path: '/api/events/filter', body: '{}' },
  { path: '/api/events/filter/next?page-token=x' },
  { method: 'POST', path: '/api/events/count-by/event', body: '{"filter":{}}' },
  { path: '/api/version' },
  { path: '/api/admin/version' },
  { path: '/api/nope' },
  { path: '/api/events' },
  { method: 'DELETE', path: '/api/events/filter' },
];

export function authSection(target: Guarded): void {
  describe('auth string', () => {
    for (const sending of guarded) {
      law(target, `${sending.method ?? 'GET'} ${sending.path} ${sending.body ?? ''} without credentials: 401`, () =>
        refused(target, sending),
      );
    }

    for (const path of ['/api/health', '/api/ready']) {
      law(target, `${path} wants none`, async () => {
        expect((await send(target, { path, signed: false })).status).toBe(200);
      });
    }

    const wrong: readonly (readonly [name: string, authorization: string])[] = [
      ['another string', basicAuth('wrong')],
      ['a part of it', basicAuth(target.authString.slice(0, -1))],
      ['it and more', basicAuth(`${target.authString}x`)],
      ['it as a bearer', `Bearer ${target.authString}`],
      ['it in plain', `Basic ${target.authString}`],
      ['no value', 'Basic'],
      ['nothing', ''],
    ];
    for (const [name, authorization] of wrong) {
      law(target, `${name}: 401`, () => refused(target, { path: '/api/version', headers: { authorization } }));
    }

    law(target, 'the whole string in base64 is taken', async () => {
      const answer = await send(target, {
        path: '/api/version',
        headers: { authorization: basicAuth(target.authString) },
      });
      expect(answer.status).toBe(200);
    });

    law(
      target,
      'guards the routes without /api, and the verbose part of ready, too',
      async () => {
        await refused(target, { method: 'POST', path: '/events', body: '[]' });
        await refused(target, { path: '/version' });
        const open = await send(target, { path: '/api/ready?verbose=1', signed: false });
        expect(open.text).not.toContain('head');
        expect((await send(target, { path: '/api/ready?verbose=1' })).text).toContain('head');
      },
      { ours: 'every other route wants it, with and without /api' },
    );
  });
}

async function refused(target: Target, sending: Sending): Promise<void> {
  const answer = await send(target, { ...sending, signed: false });
  expect({ status: answer.status, text: answer.text }).toEqual({
    status: 401,
    text: '{"exception_message":"Unauthorized"}',
  });
}
