/** The dead letter in the server view, and its replay, in Chromium against a real Sluice and its engine. */
import { expect, it } from 'vitest';
import type { DeadLetterList } from '../../schemas/dead-letter-list.ts';
import { changeEvents } from '../../support/crash/stored.ts';
import { eventLike, publish, untilFound } from '../../support/events.ts';
import { accessibilityFaults } from '../../support/peers/console-page.ts';
import { until } from '../../support/poll.ts';
import { startSluice } from '../../support/sluice.ts';
import { describeConsole } from './in-console.ts';

const env = { SLUICE_FLUSH_MS: '50' };

describeConsole('the dead letter in the server view', { env }, (world) => {
  const target = { baseUrl: () => world.server.url, strict: true };

  /** Changes what its table takes, which only a stopped engine lets a test do. */
  async function change(...changes: string[]): Promise<void> {
    await world.server.stop();
    for (const each of changes) await changeEvents(world.server.dataDir, each);
    world.server = await startSluice({ env, dataDir: world.server.dataDir });
  }

  it('is replayed when that was said twice, and says what was stored and why the rest stays', async () => {
    const refuse = (word: string) => `ADD CONSTRAINT ${word} CHECK position(raw, '${word}') = 0`;
    await change(refuse('poison'), refuse('venom'));
    await publish(
      target,
      ['poison', 'poison', 'venom'].map((word) => eventLike({ event: 'replay.seen', payload: { word } })),
    );
    await until('they are refused', async () => {
      const answer = await fetch(`${world.server.url}/api/admin/dead-letter`);
      const { events } = (await answer.json()) as DeadLetterList; // the API's answer
      return events.length === 3 || undefined;
    });
    await change('DROP CONSTRAINT poison');

    const { page, complaints } = await world.open('/console/server');
    await page.getByText('ClickHouse refused 3 events for what is in them').waitFor();
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByText('Try 3 events again?').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Try 3 events again?').waitFor({ state: 'hidden' });
    expect((await untilFound(target, { event: { name: ['replay.seen'] } }, 0)).total).toBe(0);

    await page.getByRole('button', { name: 'Replay' }).click();
    await page.waitForFunction("document.activeElement?.textContent === 'Replay now'");
    await page.keyboard.press('Enter');
    await page.getByText(/^Replayed, until [\d:.]+: 2 stored, 1 stay\.$/).waitFor();
    await page.getByText('ClickHouse refused 1 event for what is in them').waitFor();
    await page.getByText('Why they stay').click();
    await page.getByText('VIOLATED_CONSTRAINT').first().waitFor();
    await untilFound(target, { event: { name: ['replay.seen'] } }, 2);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);

    await world.server.stop();
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByRole('button', { name: 'Replay now' }).click();
    await page.getByRole('alert').first().waitFor();
    world.server = await startSluice({ env, dataDir: world.server.dataDir });
    await page.close();
  }, 150_000);
});
