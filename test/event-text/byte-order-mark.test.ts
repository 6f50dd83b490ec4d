/** Some clients put a byte order mark before their JSON: it is no part of it, once, at the beginning. */
import { expect, it } from 'vitest';
import { readBatch, readMessage } from '../../src/event-text/read-events.ts';

const event = JSON.stringify({
  occurred: '2026-11-22T09:00:00Z',
  event: 'e',
  resource: { 'prefect.resource.id': 'r' },
  id: '00000000-0000-4000-8000-000000000001',
});

it('is passed over before a message and before a list, and refused anywhere else', () => {
  expect(readMessage(Buffer.from(`\ufeff${event}`))).toMatchObject({ ok: true });
  expect(readBatch(Buffer.from(`\ufeff[${event}]`), true)).toMatchObject({ ok: true });
  for (const text of [`\ufeff\ufeff${event}`, `${event}\ufeff`, `\uff00${event}`]) {
    expect(readMessage(Buffer.from(text))).toMatchObject({ ok: false });
  }
  expect(readBatch(Buffer.from(`[\ufeff${event}]`), true)).toMatchObject({ ok: false });
});
