/**
 * An event as counters look at it: what several of them ask for is found once. One object serves all events, one after
 * the other.
 */
import { type Labels, resourceIdLabel } from '../../schemas/event.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import { microsOf, secondsOf } from './exact-time.ts';

/** An event as a counter looks at it. */
export interface Heard {
  readonly seconds: number;
  readonly micros: number;
  readonly name: string;
  readonly resourceId: string;
  /** The name of its resource, as the column `resource_name` has it. */
  readonly resourceName: string;
  /** Null if its resource has no such label. */
  label(name: string): string | null;
  readonly labelNames: readonly string[];
}

export class CountedEvent implements Heard {
  /** When it occurred (exact-time.ts), once it was read. */
  seconds = 0;
  micros = 0;
  #isRead = false;
  #event: StoredEvent | null = null;
  #name: string | null = null;
  #resource: Labels | null = null;

  /** From now on it is this event, of which nothing is looked at yet. */
  become(event: StoredEvent): void {
    this.#event = event;
    this.#isRead = false;
    this.#name = null;
    this.#resource = null;
  }

  /** Before it is counted. */
  read(): void {
    if (this.#isRead) return;
    const { occurred } = this.#stored.body;
    this.seconds = secondsOf(occurred);
    this.micros = microsOf(occurred);
    this.#isRead = true;
  }

  get seq(): number {
    return this.#stored.seq;
  }

  get name(): string {
    this.#name ??= this.#stored.body.event;
    return this.#name;
  }

  get resourceId(): string {
    return this.#labels[resourceIdLabel] ?? '';
  }

  get resourceName(): string {
    return this.label('prefect.resource.name') ?? this.label('prefect.name') ?? this.resourceId;
  }

  label(name: string): string | null {
    const labels = this.#labels;
    return Object.hasOwn(labels, name) ? (labels[name] ?? '') : null;
  }

  get labelNames(): readonly string[] {
    return Object.keys(this.#labels);
  }

  get #labels(): Labels {
    this.#resource ??= this.#stored.body.resource;
    return this.#resource;
  }

  get #stored(): StoredEvent {
    if (this.#event === null) throw new Error('No event is counted now');
    return this.#event;
  }
}
