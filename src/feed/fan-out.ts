/**
 * Live delivery: one topic per distinct filter, windows apart (DESIGN §3). An event is matched once per topic and framed
 * once for all; a topic publishes it if every member's window holds it, else its members are written one by one.
 * Keeps I5: a member whose socket lags is handed back to its feed before anything is lost.
 */

import { timeKey } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { FilterIndex } from '../filter/filter-index.ts';
import type { Publish, SubscriberSocket } from './ports.ts';

/** One live subscriber. */
export interface Member {
  readonly filter: Filter;
  readonly socket: SubscriberSocket;
  /** Called in the flush that found the socket over its bound, after the member has left its topic: all up to the mark was sent. */
  lags(): void;
}

export interface FanOutOptions {
  readonly bufferBytesMax: number;
  /** Bytes that any one member may be sent between two looks at the buffers. */
  readonly sweepBytes: number;
}

export interface FanOutCounters {
  delivered: number;
  lagged: number;
}

interface Topic {
  readonly key: string;
  readonly name: string;
  readonly members: Set<Member>;
  readonly remove: () => void;
  /** The window that all members share: latest since, earliest until. */
  since: string;
  until: string | null;
}

export interface FanOut {
  join(member: Member): void;
  leave(member: Member): void;
  /** Delivers a batch, in order, and then looks for members that lag; the mark must stand at the batch's last event. */
  flush(batch: readonly StoredEvent[]): void;
  readonly topicCount: number;
  readonly memberCount: number;
}

/** The text of one event frame on `/out`. */
export function eventFrame(raw: string): string {
  return `{"type":"event","event":${raw}}`;
}

export function createFanOut(
  index: FilterIndex<Topic>,
  keyOf: (filter: Filter) => string,
  publish: Publish,
  options: FanOutOptions,
  counters: FanOutCounters,
): FanOut {
  const topics = new Map<string, Topic>();
  const topicOf = new Map<Member, Topic>();
  let named = 0;
  let publishedBytes = 0;

  function join(member: Member): void {
    const key = keyOf(member.filter);
    let topic = topics.get(key);
    if (topic === undefined) {
      named += 1;
      const made: Topic = {
        key,
        name: `t${named}`,
        members: new Set(),
        remove: () => remove(),
        since: '',
        until: null,
      };
      const remove = index.add(member.filter, made);
      topics.set(key, made);
      topic = made;
    }
    topic.members.add(member);
    topicOf.set(member, topic);
    narrow(topic, member);
    member.socket.subscribe(topic.name);
  }

  function leave(member: Member): void {
    const topic = topicOf.get(member);
    if (topic === undefined) return;
    topicOf.delete(member);
    topic.members.delete(member);
    member.socket.unsubscribe(topic.name);
    if (topic.members.size === 0) {
      topic.remove();
      topics.delete(topic.key);
      return;
    }
    const { since, until } = member.filter.occurred;
    if (timeKey(since) === topic.since || (until !== null && timeKey(until) === topic.until)) widen(topic);
  }

  function deliver(event: StoredEvent, frame: string, topic: Topic): void {
    const occurred = timeKey(event.body.occurred);
    if (occurred >= topic.since && (topic.until === null || occurred <= topic.until)) {
      publish(topic.name, frame);
      counters.delivered += topic.members.size;
      return;
    }
    for (const member of topic.members) {
      if (!holds(member.filter, occurred)) continue;
      member.socket.send(frame);
      counters.delivered += 1;
    }
  }

  function flush(batch: readonly StoredEvent[]): void {
    for (const event of batch) {
      let frame: string | null = null;
      index.forEachMatch(event, (topic) => {
        if (frame === null) {
          frame = eventFrame(event.raw);
          // More than any one member got: a bound of what a member's buffer has grown by since the last look.
          publishedBytes += frame.length;
        }
        deliver(event, frame, topic);
      });
    }
    if (publishedBytes >= options.sweepBytes) sweep();
  }

  function sweep(): void {
    publishedBytes = 0;
    const lagging: Member[] = [];
    for (const member of topicOf.keys()) {
      if (member.socket.bufferedBytes() > options.bufferBytesMax) lagging.push(member);
    }
    for (const member of lagging) {
      leave(member);
      counters.lagged += 1;
      member.lags();
    }
  }

  return {
    join,
    leave,
    flush,
    get topicCount() {
      return topics.size;
    },
    get memberCount() {
      return topicOf.size;
    },
  };
}

function holds(filter: Filter, occurred: string): boolean {
  const { since, until } = filter.occurred;
  return occurred >= timeKey(since) && (until === null || occurred <= timeKey(until));
}

function narrow(topic: Topic, member: Member): void {
  const { since, until } = member.filter.occurred;
  if (timeKey(since) > topic.since) topic.since = timeKey(since);
  if (until !== null && (topic.until === null || timeKey(until) < topic.until)) topic.until = timeKey(until);
}

function widen(topic: Topic): void {
  topic.since = '';
  topic.until = null;
  for (const member of topic.members) narrow(topic, member);
}
