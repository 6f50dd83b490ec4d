import { expect, test } from 'vitest';
import { parseUuid } from '../../src/filter/uuid.ts';
import { readFixture } from './read-fixture.ts';

test('every form is read, and every other refused, as Prefect does', () => {
  for (const { sent, ...answer } of readFixture<{ sent: unknown; id?: string }>('uuids')) {
    expect(parseUuid(sent), JSON.stringify(sent)).toEqual({ ok: 'id' in answer, ...answer });
  }
});
