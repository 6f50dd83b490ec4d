/**
 * Lets a gateway go for good: nobody waits for it any more. Its name stays refused while it may still have what nobody
 * else has.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { StartRefused } from '../base/errors.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { hasBucket, removeKey, sharedKey } from '../nats/shared-key.ts';
import { noLog } from './cluster-status.ts';
import { leftText, readWord, silentMs } from './gateway-claim.ts';
import { gatewayKey, stateBucket } from './state-keys.ts';

export interface LeaveParts {
  readonly nats: Nats;
  /** Of the shared log. */
  readonly name: string;
  readonly id: string;
  /** Its folder is gone: what only its spool had is given up. */
  readonly isLost: boolean;
  /** Is told what is waited for. */
  readonly says?: (sentence: string) => void;
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** Rejects with StartRefused, and as the client does; then nothing has changed. */
export async function leaveCluster({ nats, name, id, isLost, says, pause = wait }: LeaveParts): Promise<void> {
  const bucket = stateBucket(name);
  if (!(await hasBucket(nats, bucket))) throw new StartRefused(noLog(name));
  const key = sharedKey(nats, { bucket, name: gatewayKey(id) });
  const found = await key.read();
  if (found === null) {
    throw new StartRefused(`The shared log ${name} knows no gateway ${id}: \`sluice cluster status\` lists them all.`);
  }
  const word = readWord(found.text);
  if (found.text !== leftText) {
    if (word?.hasEnded !== true) {
      says?.(
        `Gateway ${id} has not said that it was stopped: for ${silentMs / 1000} s it is watched whether it lives.`,
      );
      await pause(silentMs);
      if ((await key.read())?.revision !== found.revision)
        throw new StartRefused(`Gateway ${id} lives: stop it first.`);
    }
    if (!isLost) refuseHolding(id, word);
    // Whoever takes the name meanwhile has another revision.
    if ((await key.write(leftText, found.revision)) === null) {
      throw new StartRefused(`Gateway ${id} has come back just now: it stays.`);
    }
  }
  await removeKey(nats, bucket, gatewayKey(id));
}

function refuseHolding(id: string, word: ReturnType<typeof readWord>): void {
  const orLost = `If its folder is lost, \`sluice cluster leave ${id} --lost\` gives up what only its spool had.`;
  if (word === null) throw new StartRefused(`What gateway ${id} said last cannot be read here. ${orLost}`);
  if (word.waiting > 0) {
    throw new StartRefused(
      `The spool of gateway ${id} holds ${word.waiting} events that the shared log may not have: start it, and stop ` +
        `it when \`sluice cluster status\` says 0. ${orLost}`,
    );
  }
  if (!word.hasEnded) {
    throw new StartRefused(
      `Gateway ${id} was not stopped but has died, so its spool may hold events that the shared log does not have: ` +
        `start it, and stop it by SIGTERM. ${orLost}`,
    );
  }
}
