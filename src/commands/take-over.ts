/**
 * Makes the epoch of a shared log the owner of the database that its gateways write.
 */
import { openSource, type StoreConfig } from '../app/connect-store.ts';
import { StartRefused } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { catchUp, syncEvents, syncSmall } from '../clickhouse/deciding-reads.ts';
import { adoptDatabase, giveEpochs, knowsEpoch, registerOwner } from '../clickhouse/ownership.ts';
import { openStore } from '../clickhouse/store.ts';
import type { OpenedStream } from '../nats/open-stream.ts';

const answerMs = 60_000;
/** Longer than the heartbeat of what the command itself had open. */
const takeOverMs = 90_000;

/** Whether the database of the settings has ever had this owner, or knew it when it was backed up. */
export async function isKnown(config: StoreConfig, epoch: string, log: Log): Promise<boolean> {
  let is = false;
  const store = openStore({
    ...{ ...config, source: openSource(config, log), log },
    async verify({ client, layout }) {
      await catchUp(client, syncSmall(layout, 'journals'));
      is = await knowsEpoch(client, epoch);
    },
  });
  try {
    await store.whenReady(AbortSignal.timeout(answerMs));
    return is;
  } catch (cause) {
    throw new StartRefused(`ClickHouse does not serve: ${store.status.reason}`, { cause });
  } finally {
    await store.close();
  }
}

/**
 * Once nobody else's heartbeat is fresh; `from` is an owner that gives its own epochs away. False if it was the owner
 * before. Rejects with StartRefused.
 */
export async function takeOver(
  config: StoreConfig,
  { epoch, firstSeq }: OpenedStream,
  log: Log,
  from: string | null = null,
): Promise<boolean> {
  let isNew = true;
  const store = openStore({
    ...{ ...config, source: openSource(config, log), log },
    async verify({ client, layout }) {
      await catchUp(client, [...syncEvents(layout), ...syncSmall(layout, 'journals')]);
      isNew = !(await knowsEpoch(client, epoch));
      if (!isNew) return;
      if (from !== null) await giveEpochs(client, from, epoch);
      const { maxSeq } = await adoptDatabase(client, epoch, true);
      if (maxSeq > firstSeq) throw new StartRefused(`The database holds seq ${maxSeq}, above ${firstSeq}.`);
      const facts = { owner: epoch, epoch, firstSeq, checkpoint: firstSeq - 1, head: firstSeq - 1 };
      await registerOwner(client, { ...facts, sentUpTo: firstSeq - 1, everInserted: false });
    },
  });
  try {
    await store.whenReady(AbortSignal.timeout(takeOverMs));
    return isNew;
  } catch (cause) {
    throw new StartRefused(`The database could not be taken over: ${store.status.reason} Run this again.`, { cause });
  } finally {
    await store.close();
  }
}
