/** How a server stands, fact by fact, each with one plain sentence. */

import type { ServerStatus } from '../../../schemas/server-status.ts';
import { bytesText, numberText, secondsText } from '../base/text.ts';

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly sentence: string;
  readonly isBad?: boolean;
}

export function factsOf(status: ServerStatus): readonly Fact[] {
  return [...booksOf(status), ...progressOf(status), ...placesOf(status)];
}

/** `head − first + 1 = stored + dead-lettered + pending`. */
function isBalanced({ head, firstSeq, epochBook: { stored, deadLettered, pending } }: ServerStatus): boolean {
  return head - firstSeq + 1 === stored + deadLettered + pending;
}

function booksOf(status: ServerStatus): Fact[] {
  const { head, firstSeq, epochBook } = status;
  const { stored, deadLettered, pending } = epochBook;
  const isRight = isBalanced(status);
  return [
    {
      name: 'Books',
      value: isRight ? 'Balanced' : 'Not balanced',
      sentence:
        `${numberText(head - firstSeq + 1)} events taken in = ${numberText(stored)} stored + ` +
        `${numberText(deadLettered)} in the dead letter + ${numberText(pending)} pending.`,
      isBad: !isRight,
    },
    {
      name: 'Intake',
      value: status.ok ? 'Ready' : 'Not ready',
      sentence: status.ok ? 'What is acknowledged is durable.' : status.message,
      isBad: !status.ok,
    },
  ];
}

function progressOf(status: ServerStatus): Fact[] {
  const { head, firstSeq, mark, checkpoint, pending, lagSeconds } = status;
  const nth = (seq: number): string => numberText(Math.max(0, seq - firstSeq + 1));
  return [
    { name: 'Head', value: nth(head), sentence: 'The newest durable event of this journal, counted from its first.' },
    {
      name: 'Mark',
      value: nth(mark),
      sentence: `The newest event handed to subscribers: ${numberText(head - mark)} behind the head.`,
    },
    { name: 'Checkpoint', value: nth(checkpoint), sentence: 'All up to here can be asked for.' },
    {
      name: 'Queryable lag',
      value: lagSeconds === null ? `${numberText(pending)} events` : secondsText(lagSeconds),
      sentence: `${numberText(pending)} events are durable and wait for ClickHouse.`,
      isBad: lagSeconds !== null && lagSeconds > 60,
    },
    {
      name: 'Parked',
      value: numberText(status.parkedWaiting),
      sentence: 'Events so old that ClickHouse is asked whether they are repeats.',
    },
    {
      name: 'Subscribers',
      value: numberText(status.liveSubscribers),
      sentence:
        `Live now; ${numberText(status.laggingSubscribers)} more read the log to catch up, and ` +
        `${bytesText(status.bufferedBytes.sum)} wait to be taken.`,
    },
  ];
}

function placesOf({ engine, journal, disk, residentBytes, loopDelaySeconds }: ServerStatus): Fact[] {
  const isLow = disk.freeBytes !== null && disk.freeBytes < 2 * disk.reserveBytes;
  return [
    {
      name: 'Engine',
      value: engine.phase,
      sentence: engineSentence(engine),
      isBad: engine.phase !== 'ready',
    },
    {
      name: 'Journal',
      value: bytesText(journal.bytes),
      sentence:
        `Of ${bytesText(journal.budgetBytes)} that it may take; durable over ` +
        `${journal.durability === 'fsync' ? 'a power cut' : 'a kill'}.`,
      isBad: journal.bytes > 0.8 * journal.budgetBytes,
    },
    {
      name: 'Disk',
      value: disk.freeBytes === null ? 'unknown' : `${bytesText(disk.freeBytes)} free`,
      sentence: `With less than ${bytesText(disk.reserveBytes)} producers are turned away.`,
      isBad: isLow,
    },
    {
      name: 'Process',
      value: bytesText(residentBytes),
      sentence:
        `Memory without the engine; its loop is at most ${secondsText(loopDelaySeconds.p99)} late, ` +
        '99 times of 100.',
    },
  ];
}

function engineSentence({ where, version, reason }: ServerStatus['engine']): string {
  const which = version === null ? where : `${where}, ClickHouse ${version}`;
  return reason === '' ? `${which}.` : `${which}: ${reason}`;
}
