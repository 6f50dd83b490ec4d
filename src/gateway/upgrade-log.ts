/**
 * Changes the rules by which the gateways of a shared log apply its messages, from a message on that says so: once all
 * that live know the next rules. It may be broken off anywhere, and run again.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { StartRefused } from '../base/errors.ts';
import type { Nats } from '../nats/connect-nats.ts';
import { noteRules, subjectOfControl } from '../nats/open-stream.ts';
import { newestOf, numbersOf, productRules, type RulesTable } from '../shared-log/apply-rules.ts';
import { encodeControl } from '../shared-log/control-block.ts';
import { type ClusterStatus, clusterStatus } from './cluster-status.ts';

export interface UpgradeParts {
  readonly nats: Nats;
  /** Of the shared log. */
  readonly name: string;
  readonly table?: RulesTable;
  readonly pause?: (ms: number) => Promise<unknown>;
}

const answerMs = 5_000;
const againMs = 500;
/** Each gateway says how it stands every five seconds. */
const triesMax = 60;

export interface UpgradeDone {
  /** Says what was done. */
  readonly text: string;
  /** Those that are in force from now on; null where there was nothing to do. */
  readonly rules: number | null;
}

/** Rejects with StartRefused, and as the client does. */
export async function upgradeLog(parts: UpgradeParts): Promise<UpgradeDone> {
  const { nats, name, table = productRules, pause = wait } = parts;
  const found = await clusterStatus(nats, name);
  const inForce = rulesOf(found);
  if (inForce > found.log.rules) await noteRules(nats, name, inForce);
  const next = inForce + 1;
  if (newestOf(table) < next) {
    refuseOlder(found, table);
    const text = `There is nothing to upgrade: ${whoKnows(found)} rules ${inForce} only, and so does this Sluice.`;
    return { text, rules: null };
  }
  refuseUnknowing(found, next);
  const sent = await nats.connection.request(
    subjectOfControl(name),
    encodeControl({ rulesBefore: inForce, rules: next }),
    { timeout: answerMs },
  );
  const { seq, error } = sent.json<{ seq?: number; error?: { description: string } }>();
  if (seq === undefined) throw new StartRefused(`The stream ${name} did not take the change: ${error?.description}`);
  await noteRules(nats, name, next);
  for (let tries = 0; tries < triesMax; tries += 1) {
    const { gateways } = await clusterStatus(nats, name);
    if (gateways.every(({ state, rules }) => state !== 'living' || rules >= next)) {
      const on = `From message ${seq} on the shared log ${name} is applied by rules ${next}`;
      return { text: `${on}, at all gateways that live.`, rules: next };
    }
    await pause(againMs);
  }
  const text =
    `From message ${seq} on the shared log ${name} is applied by rules ${next}. Not all gateways have got there yet: ` +
    '`sluice cluster status` says which.';
  return { text, rules: next };
}

/** Whoever has applied a change knows of it, also where the stream does not say so yet. */
function rulesOf({ log, gateways }: ClusterStatus): number {
  return Math.max(log.rules, ...gateways.map(({ rules }) => rules));
}

/** Whoever knows fewer rules than the gateways cannot say that there are no more. */
function refuseOlder(found: ClusterStatus, table: RulesTable): void {
  const known = Math.max(rulesOf(found), ...found.gateways.map(({ knows }) => knows));
  if (known > newestOf(table)) {
    throw new StartRefused(
      `The gateways know rules ${known}, and this Sluice knows ${numbersOf(table)}: run the command of a newer one. ` +
        'Nothing was changed.',
    );
  }
}

function whoKnows({ gateways }: ClusterStatus): string {
  return gateways.length === 0 ? 'the shared log has' : 'all know';
}

function refuseUnknowing({ gateways, unread }: ClusterStatus, next: number): void {
  const living = gateways.filter(({ state }) => state === 'living');
  const behind = [...living.filter(({ knows }) => knows < next).map(({ id }) => id), ...unread];
  if (behind.length > 0) {
    throw new StartRefused(
      `These gateways do not know rules ${next}: ${behind.join(', ')}. Start a newer Sluice there first. Nothing was ` +
        'changed.',
    );
  }
  if (living.length === 0)
    throw new StartRefused('No gateway lives that could follow the change. Nothing was changed.');
}
