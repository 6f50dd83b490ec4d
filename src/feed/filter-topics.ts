/**
 * The live subscribers by the meaning of their filters: who is a member of which topic, under which names its frames
 * are published, and the window that all its members share.
 */
import { timeKey } from '../../schemas/event.ts';
import type { AllFilters, Filter } from '../../schemas/filter.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { FilterIndex } from '../filter/filter-index.ts';
import type { Framing } from './frames.ts';
import type { SubscriberSocket } from './ports.ts';

/** One live subscriber. */
export interface Member {
  readonly filter: Filter;
  readonly filters: AllFilters;
  /** The same for members whose filters mean the same, windows apart. */
  readonly key: string;
  readonly fits: (event: StoredEvent) => boolean;
  readonly socket: SubscriberSocket;
  readonly framing: Framing;
  /**
   * Called in the flush that found the socket over its bound, after the member has left its topic: all up to the mark
   * was sent.
   */
  lags(): void;
}

export type SharedForm = NonNullable<Framing['shared']>;
export const sharedForms: readonly SharedForm[] = ['plain', 'positions'];

export interface FilterTopic {
  readonly key: string;
  readonly members: Set<Member>;
  /** What is published under in each form, and to how many. */
  readonly shared: Readonly<Record<SharedForm, { readonly name: string; members: number }>>;
  /** Members with frames of their own. */
  readonly alone: Set<Member>;
  readonly remove: () => void;
  /** The window that all members share: latest since, earliest until. */
  since: string;
  until: string | null;
  /** Who had set a bound of it has left: looked at again before the next event, once however many leave together. */
  isTooNarrow: boolean;
}

export class FilterTopics {
  readonly #index: FilterIndex<FilterTopic>;
  readonly #topics = new Map<string, FilterTopic>();
  readonly #topicOf = new Map<Member, FilterTopic>();
  #named = 0;

  constructor(index: FilterIndex<FilterTopic>) {
    this.#index = index;
  }

  get topicCount(): number {
    return this.#topics.size;
  }
  get memberCount(): number {
    return this.#topicOf.size;
  }

  members(): Iterable<Member> {
    return this.#topicOf.keys();
  }

  join(member: Member): void {
    const topic = this.#topics.get(member.key) ?? this.#make(member);
    topic.members.add(member);
    this.#topicOf.set(member, topic);
    narrow(topic, member);
    const { shared } = member.framing;
    if (shared === null) {
      topic.alone.add(member);
      return;
    }
    topic.shared[shared].members += 1;
    member.socket.subscribe(topic.shared[shared].name);
  }

  leave(member: Member): void {
    const topic = this.#topicOf.get(member);
    if (topic === undefined) return;
    this.#topicOf.delete(member);
    topic.members.delete(member);
    topic.alone.delete(member);
    const { shared } = member.framing;
    if (shared !== null) {
      topic.shared[shared].members -= 1;
      member.socket.unsubscribe(topic.shared[shared].name);
    }
    if (topic.members.size === 0) {
      topic.remove();
      this.#topics.delete(topic.key);
      return;
    }
    const { since, until } = member.filter.occurred;
    if (timeKey(since) === topic.since || (until !== null && timeKey(until) === topic.until)) topic.isTooNarrow = true;
  }

  #make({ key, filters, fits }: Member): FilterTopic {
    this.#named += 1;
    const topic: FilterTopic = {
      key,
      members: new Set(),
      shared: {
        plain: { name: `t${this.#named}`, members: 0 },
        positions: { name: `t${this.#named}p`, members: 0 },
      },
      alone: new Set(),
      remove: () => remove(),
      since: '',
      until: null,
      isTooNarrow: false,
    };
    const remove = this.#index.add(filters, topic, fits);
    this.#topics.set(key, topic);
    return topic;
  }
}

function narrow(topic: FilterTopic, member: Member): void {
  const { since, until } = member.filter.occurred;
  if (timeKey(since) > topic.since) topic.since = timeKey(since);
  if (until !== null && (topic.until === null || timeKey(until) < topic.until)) topic.until = timeKey(until);
}

/** Looks anew at the windows of all who are left. */
export function widen(topic: FilterTopic): void {
  topic.isTooNarrow = false;
  topic.since = '';
  topic.until = null;
  for (const member of topic.members) narrow(topic, member);
}
