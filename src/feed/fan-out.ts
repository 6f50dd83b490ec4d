/**
 * Live delivery: one topic per distinct filter, windows apart (docs/design.md, "Live delivery"). An event is matched
 * once per topic and framed once in each form for all; a topic publishes it if every member's window holds it, else its
 * members are written one by one. Keeps I5: a member whose socket lags is handed back to its feed before anything is
 * lost.
 */

import { timeKey } from '../../schemas/event.ts';
import type { Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { FilterIndex } from '../filter/filter-index.ts';
import { type FilterTopic, FilterTopics, type Member, type SharedForm, sharedForms, widen } from './filter-topics.ts';
import { frameOf } from './frame-bytes.ts';
import { type Framing, frameText, framingOf } from './frames.ts';
import type { Publish } from './ports.ts';
import { createScratch } from './scratch.ts';

export interface FanOutOptions {
  readonly bufferBytesMax: number;
  /** Bytes that any one member may be sent between two looks at the buffers. */
  readonly sweepBytes: number;
}

export interface FanOutCounters {
  delivered: number;
  lagged: number;
}

export interface FanOut {
  join(member: Member): void;
  leave(member: Member): void;
  /** Delivers a batch, in order, and then looks for members that lag; the mark must stand at the batch's last event. */
  flush(batch: readonly StoredEvent[]): void;
  readonly topicCount: number;
  readonly memberCount: number;
}

type Scratch = Readonly<Record<SharedForm, (bytes: number) => Buffer>>;

/** One event's frames: each form is written once, when it is first wanted, where the last event's was. */
class EventFrames {
  readonly #event: StoredEvent;
  readonly #scratch: Scratch;
  readonly #shared: Record<SharedForm, Uint8Array | null> = { plain: null, positions: null };
  /** No member got more of this event, in bytes; of frames of a member's own, in characters. */
  longest = 0;

  constructor(event: StoredEvent, scratch: Scratch) {
    this.#event = event;
    this.#scratch = scratch;
  }

  of(framing: Framing): string | Uint8Array {
    if (framing.shared !== null) return this.shared(framing.shared);
    const { raw, seq } = this.#event;
    const frame = frameText(framing, raw, seq);
    this.longest = Math.max(this.longest, frame.length);
    return frame;
  }

  shared(form: SharedForm): Uint8Array {
    const frame = this.#shared[form] ?? frameOf(this.#event, framingOf(form), this.#scratch[form]);
    this.#shared[form] = frame;
    this.longest = Math.max(this.longest, frame.length);
    return frame;
  }
}

export function createFanOut(
  index: FilterIndex<FilterTopic>,
  publish: Publish,
  options: FanOutOptions,
  counters: FanOutCounters,
): FanOut {
  const topics = new FilterTopics(index);
  const scratch: Scratch = { plain: createScratch(), positions: createScratch() };
  const deliver = createDeliver(publish, counters);
  let publishedBytes = 0;

  function flush(batch: readonly StoredEvent[]): void {
    if (topics.topicCount === 0) return;
    for (const event of batch) {
      let frames: EventFrames | null = null;
      index.forEachMatch(event, (topic) => {
        frames ??= new EventFrames(event, scratch);
        const { longest } = frames;
        deliver(event, frames, topic);
        // At least what any one member got: a bound of what its buffer has grown by since the last look.
        publishedBytes += frames.longest - longest;
      });
    }
    if (publishedBytes >= options.sweepBytes) sweep();
  }

  function sweep(): void {
    publishedBytes = 0;
    const lagging: Member[] = [];
    for (const member of topics.members()) {
      if (member.socket.bufferedBytes() > options.bufferBytesMax) lagging.push(member);
    }
    for (const member of lagging) {
      topics.leave(member);
      counters.lagged += 1;
      member.lags();
    }
  }

  return {
    join: (member) => topics.join(member),
    leave: (member) => topics.leave(member),
    flush,
    get topicCount() {
      return topics.topicCount;
    },
    get memberCount() {
      return topics.memberCount;
    },
  };
}

type Deliver = (event: StoredEvent, frames: EventFrames, topic: FilterTopic) => void;

/** To all whose windows hold the event: by one publish, or one by one. */
function createDeliver(publish: Publish, counters: FanOutCounters): Deliver {
  return (event, frames, topic) => {
    if (topic.isTooNarrow) widen(topic);
    const occurred = timeKey(event.body.occurred);
    if (occurred >= topic.since && (topic.until === null || occurred <= topic.until)) {
      for (const form of sharedForms) {
        const { name, members } = topic.shared[form];
        if (members > 0) publish(name, frames.shared(form));
      }
      for (const member of topic.alone) member.socket.send(frames.of(member.framing));
      counters.delivered += topic.members.size;
      return;
    }
    for (const member of topic.members) {
      if (!holds(member.filter, occurred)) continue;
      member.socket.send(frames.of(member.framing));
      counters.delivered += 1;
    }
  };
}

function holds(filter: Filter, occurred: string): boolean {
  const { since, until } = filter.occurred;
  return occurred >= timeKey(since) && (until === null || occurred <= timeKey(until));
}
