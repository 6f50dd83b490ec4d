/** What automations come to when Sluice, its forwarder or Prefect is killed under them, on level 2. */
import { expect, it } from 'vitest';
import { forwarderFailPoints } from '../../src/base/fail-point.ts';
import { emitNumbered } from './emit.ts';
import { firingsOf, makeForEachEvent } from './firings.ts';
import { forwarderOf, untilForwarded } from './forwarder-view.ts';
import { patiently, untilAll } from './patiently.ts';
import type { Beside } from './start-beside.ts';
import { idsNamed, totalOf } from './stored-texts.ts';
import { writtenIds } from './written-events.ts';

/** Small, for Prefect has to work off all that comes until a fail point is reached. */
const burst = 2;

/** Sluice dies before and behind each step of its forwarder, and once at any instant. Prefect lives. */
export function sluiceKilledLaw(besideOf: () => Beside, testMs: number): void {
  it(
    'fires an automation once for each event, though Sluice is killed at each step of its forwarder',
    async () => {
      const beside = besideOf();
      const { front, sluiceItself } = beside;
      const name = 'killed.sluice';
      const automation = await makeForEachEvent(front, name);
      const acknowledged: string[] = [];
      await beside.sluice?.stop();
      for (const point of forwarderFailPoints) {
        if (await startsUp(beside, point)) acknowledged.push(...(await emitUntilGone(beside, name)));
      }
      await beside.startSluice();
      const [rest] = await Promise.all([emitNumbered(front, name, 200), beside.sluice?.kill()]);
      await beside.startSluice();
      acknowledged.push(...rest, ...(await emitNumbered(front, name, burst)));
      await untilForwarded(sluiceItself);
      const stored = await patiently('all that was acknowledged is in Sluice', async () => {
        const ids = await idsNamed(sluiceItself, name);
        return acknowledged.every((id) => ids.has(id)) ? ids : undefined;
      });
      await untilFired(beside, automation, [...stored]);
      expect(await firingsOf(sluiceItself, automation)).toEqual(new Map([...stored].map((id) => [id, 1])));
      console.log(`${stored.size} events, Sluice killed four times: the automation fired once for each`);
    },
    testMs,
  );
}

/** False where it met the point in what the one before had left, before it could be asked: a slow machine's start. */
async function startsUp(beside: Beside, point: string): Promise<boolean> {
  try {
    await beside.startSluice({ SLUICE_FAIL_POINT: `${point}:1` });
    return true;
  } catch (error) {
    if (String(error).includes('ended at the start')) return false;
    throw error;
  }
}

/** Sends until nobody answers. Returns the ids that were acknowledged. */
async function emitUntilGone(beside: Beside, name: string): Promise<string[]> {
  const acknowledged: string[] = [];
  await patiently('the process has ended by itself', async () => {
    const ids = await emitNumbered(beside.front, name, burst);
    acknowledged.push(...ids);
    return ids.length === 0 ? true : undefined;
  });
  await beside.sluice?.kill();
  return acknowledged;
}

/** What an automation misses or does twice then is Prefect's own, and no more than docs/prefect.md says. */
export function prefectKilledLaw(besideOf: () => Beside, events: number, testMs: number): void {
  it(
    `takes all of ${events} events though Prefect is killed among them, and brings it what it had not written down`,
    async () => {
      const beside = besideOf();
      const { front, sluiceItself, prefectItself } = beside;
      const name = 'killed.prefect';
      const automation = await makeForEachEvent(front, name);
      const before = await sentAgainBy(beside);
      const acknowledged = await emitNumbered(front, name, 0.4 * events);
      await patiently('it fires', async () =>
        (await firingsOf(sluiceItself, automation)).size > 0 ? true : undefined,
      );
      const [rest] = await Promise.all([emitNumbered(front, name, 0.6 * events), beside.killPrefect()]);
      acknowledged.push(...rest);
      const written = writtenIds(beside, name);
      await beside.startPrefect();
      await untilForwarded(sluiceItself);
      expect(acknowledged).toHaveLength(events);
      expect(await idsNamed(sluiceItself, name)).toEqual(new Set(acknowledged));
      await untilAll('Prefect shows them', events, () => totalOf(prefectItself, name));
      const unwritten = acknowledged.filter((id) => !written.has(id));
      // Prefect works off its events in their order, so with the last one it is through.
      await untilFired(beside, automation, [...unwritten, ...(await emitNumbered(front, name, 1))]);
      const fired = await firingsOf(sluiceItself, automation);
      const timesOf = (id: string): number => fired.get(id) ?? 0;
      expect([...written].filter((id) => timesOf(id) > 1)).toEqual([]);
      const again = acknowledged.filter((id) => timesOf(id) > 1).length;
      const sentAgain = (await sentAgainBy(beside)) - before;
      expect(again).toBeLessThanOrEqual(sentAgain);
      expect((await forwarderOf(sluiceItself)).counters['leftInDoubt']).toBe(0);
      const silent = [...written].filter((id) => timesOf(id) === 0).length;
      console.log(
        `${events} events, Prefect killed: it had written down ${written.size}, ${sentAgain} were sent again; the ` +
          `automation fired once for ${events - silent - again}, again for ${again}, never for ${silent}`,
      );
    },
    testMs,
  );
}

async function sentAgainBy({ sluiceItself }: Beside): Promise<number> {
  return (await forwarderOf(sluiceItself)).counters['sentAgain'] ?? 0;
}

/** Resolves when the automation has fired for each of these; a Prefect under load fires some a second. */
async function untilFired({ sluiceItself }: Beside, automation: string, ids: readonly string[]): Promise<void> {
  await untilAll('the automation has fired for each', ids.length, async () => {
    const fired = await firingsOf(sluiceItself, automation);
    return ids.filter((id) => fired.has(id)).length;
  });
}
