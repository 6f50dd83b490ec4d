/**
 * A data folder that an older Sluice wrote goes on under this one, with all that was in it, and with the tokens that it
 * gave out (I1, I3, I7, I8, I11); also without the table writer's state.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type OutFrame, parseFrame } from '../../schemas/wire.ts';
import { pageOf, publish, query, type Sent, untilFound } from '../../support/events.ts';
import { post, send } from '../../support/http.ts';
import {
  commandOn,
  oldFolderEnv as env,
  oldFolderFilter as filter,
  oldFolder,
  oldFolderIds,
  removeOldFolders,
  unpackOldFolder,
} from '../../support/old-folder.ts';
import { startSluice } from '../../support/sluice.ts';
import type { Target } from '../../support/target.ts';
import { subscribe } from '../../support/wire-client.ts';

afterEach(removeOldFolders);

/** Each event is there once, and stays so when it is sent again. */
async function expectEachOnce(target: Target): Promise<void> {
  await untilFound(target, filter, oldFolderIds.length);
  const exported = await post(target, '/api/events/export', { filter });
  const lines = exported.text.trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line) as Sent); // what is an event is checked next
  expect(events.map(({ id }) => id).sort()).toEqual(oldFolderIds);
  await publish(target, events);
  await publish(target, [{ ...events[0], id: '00000000-0000-4000-8000-000000009999', event: 'fixture.new' }]);
  await untilFound(target, filter, events.length + 1);
  expect((await query(target, filter)).total).toBe(events.length + 1);
}

/** `look` at a subscriber that resumes behind the events that were stored. */
async function expectToGoOn(dataDir: string, look: (resumed: Resumed) => Promise<void>): Promise<void> {
  const sluice = await startSluice({ dataDir, env });
  const target = { baseUrl: () => sluice.url, strict: true };
  try {
    const resumed = await subscribe(target, { event: { prefix: ['fixture.'] } }, { resume: oldFolder.resume });
    await look(resumed);
    await resumed.close();
    const next = await send(target, { path: `/api/events/filter/next?page-token=${oldFolder.pageToken}` });
    expect(pageOf(next)).toMatchObject({ total: oldFolder.stored, events: { length: 50 } });
    await expectEachOnce(target);
  } finally {
    expect(await sluice.stop()).toBe(0);
  }
  expect(commandOn(dataDir, 'verify')).toContain('The books balance.');
}

/** Sorted, of the next `count` events. */
async function idsOf(resumed: Resumed, count: number): Promise<unknown[]> {
  const ids: unknown[] = [];
  while (ids.length < count) {
    const frame = parseFrame<OutFrame>(await resumed.next());
    if (frame.type === 'event') ids.push(frame.event.id);
  }
  return ids.sort();
}

type Resumed = Awaited<ReturnType<typeof subscribe>>;

describe('a data folder of an older Sluice', () => {
  it('that was killed goes on with all its events, each once', async () => {
    await expectToGoOn(unpackOldFolder({ wasKilled: true }), async (resumed) => {
      expect(await idsOf(resumed, oldFolder.waiting)).toEqual(oldFolderIds.slice(oldFolder.stored));
    });
  });

  // Its journal was not synced, so what was lost with the power cannot be known.
  it('that lost its power goes on with all its events, each once, in a new epoch', async () => {
    await expectToGoOn(unpackOldFolder({ wasKilled: false }), async (resumed) => {
      expect(parseFrame<OutFrame>(await resumed.next())).toMatchObject({ type: 'gap', reason: 'epoch' });
      expect(await idsOf(resumed, oldFolderIds.length)).toEqual(oldFolderIds);
    });
  });

  it("whose table writer's state is damaged is recovered, and ClickHouse is asked what it has", async () => {
    const dataDir = unpackOldFolder({ wasKilled: true });
    writeFileSync(join(dataDir, 'writer'), '{"version":2,"epoch":"987eb7');
    for (const command of ['adopt', 'verify']) expect(() => commandOn(dataDir, command)).toThrow(/`sluice recover`/);
    expect(commandOn(dataDir, 'recover')).toMatch(/set aside as `writer.damaged`/);
    const sluice = await startSluice({ dataDir, env });
    try {
      await expectEachOnce({ baseUrl: () => sluice.url, strict: true });
    } finally {
      expect(await sluice.stop()).toBe(0);
    }
    expect(commandOn(dataDir, 'verify')).toContain('The books balance.');
  });
});
