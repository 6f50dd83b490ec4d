/**
 * Publishing to all sockets of a topic, and how many frames each topic has had: a socket's own count of frames sent
 * needs it.
 */
import type { TemplatedApp } from './uws.ts';

export interface Topic {
  readonly name: string;
  members: number;
  /** Frames published so far. */
  published: number;
}

export class Topics {
  /** Those that serve, the newest last: who publishes is there before the first of them listens. */
  readonly apps: TemplatedApp[] = [];
  readonly #topics = new Map<string, Topic>();

  enter(name: string): Topic {
    const topic = this.#topics.get(name) ?? { name, members: 0, published: 0 };
    if (topic.members === 0) this.#topics.set(name, topic);
    topic.members += 1;
    return topic;
  }

  leave(topic: Topic): void {
    topic.members -= 1;
    if (topic.members === 0) this.#topics.delete(topic.name);
  }

  /** Of each app only its own sockets hear. */
  publish(name: string, frame: string | Uint8Array): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    topic.published += 1;
    for (const app of this.apps) app.publish(name, frame);
  }
}
