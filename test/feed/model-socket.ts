/**
 * A subscriber's side of the model of exact-feed.property.test.ts: what it has seen, and after each frame how to go on
 * from there.
 */
import { expect } from 'vitest';
import { parseStreamId } from '../../schemas/wire.ts';
import type { Form } from '../../src/feed/frames.ts';
import type { Feed, FeedRequest, SubscriberSocket } from '../../src/feed/ports.ts';

export type Resume = NonNullable<FeedRequest['resume']>;

/** What a client knows after some frame: what it has seen, and how to go on from there. */
interface Frame {
  readonly seq: number | null;
  readonly resume: Resume | null;
  readonly isGap: boolean;
}

export class ModelSocket implements SubscriberSocket {
  readonly frames: Frame[] = [];
  /** What this client saw on earlier connections. */
  readonly before: readonly number[];
  readonly form: Form;
  readonly topics: Map<string, Set<ModelSocket>>;
  buffered = 0;
  feed: Feed | null = null;
  gone = false;

  constructor(topics: Map<string, Set<ModelSocket>>, form: Form, before: readonly number[] = []) {
    this.topics = topics;
    this.form = form;
    this.before = before;
  }

  get seen(): number[] {
    return this.seenAfter(this.frames.length);
  }
  /** After so many frames of this connection. A gap begins a new feed, which may repeat what came before it. */
  seenAfter(count: number): number[] {
    const frames = this.frames.slice(0, count);
    const before = this.isNewFeed ? [] : this.before;
    return [...before, ...frames.map(({ seq }) => seq).filter((seq) => seq !== null)];
  }
  get isNewFeed(): boolean {
    return this.frames.some(({ isGap }) => isGap);
  }
  send(frame: string | Uint8Array): void {
    const text = Buffer.from(frame).toString();
    this.frames.push(this.form === 'stream' ? readStream(text) : this.#read(text));
    this.buffered += frame.length;
  }
  #read(text: string): Frame {
    const { type, event, token, position } = JSON.parse(text) as ReadFrame; // the shape is what the test goes on to check
    const isGap = type === 'gap';
    const last = token ?? this.frames.at(-1)?.resume?.token;
    expect(position === undefined).toBe(this.form === 'plain' || isGap);
    return {
      seq: event?.payload.seq ?? null,
      resume: last === undefined || position === undefined ? null : { token: last, position },
      isGap,
    };
  }
  cork(write: () => void): void {
    write();
  }
  bufferedBytes(): number {
    return this.buffered;
  }
  subscribe(topic: string): void {
    this.topics.set(topic, (this.topics.get(topic) ?? new Set()).add(this));
  }
  unsubscribe(topic: string): void {
    this.topics.get(topic)?.delete(this);
  }
  read(bytes: number): void {
    this.buffered = Math.max(0, this.buffered - bytes);
    this.feed?.drained();
  }
  hangUp(): void {
    this.feed?.stop();
    this.gone = true;
  }
}

interface ReadFrame {
  readonly type?: string;
  readonly event?: { readonly payload: { readonly seq: number } };
  readonly token?: string;
  readonly position?: number | string;
}

function readStream(text: string): Frame {
  const [, id = ''] = /^id: (.*)$/m.exec(text) ?? [];
  const [, data = '{}'] = /^data: (.*)$/m.exec(text) ?? [];
  expect(text.endsWith('\n\n')).toBe(true);
  const body = JSON.parse(data) as ReadFrame['event'] & object; // or a control frame, which has no payload
  const isControl = text.startsWith('event: ');
  return {
    seq: isControl ? null : body.payload.seq,
    resume: parseStreamId(id),
    isGap: text.startsWith('event: gap'),
  };
}
