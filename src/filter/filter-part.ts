/**
 * What a part of a filter says of itself. All that Sluice does with filters is made from it: how they are read and
 * refused, the live test, the SQL, the key, the index and the documentation. Test and SQL of a part mean the same (I6).
 */
import type { LabelPatterns, SentFilter } from '../../schemas/filter.ts';
import type { JsonSchema } from '../../schemas/json-schema.ts';
import type { StoredEvent } from '../../schemas/stored-event.ts';
import type { Bind } from './bindings.ts';
import type { Condition } from './conditions.ts';
import type { Reader } from './read-model.ts';

export interface FilterPart<Value> {
  /** As the API calls it. */
  readonly name: keyof SentFilter;
  /** Its line in docs/PROTOCOL.md, and in the description of the API. */
  readonly about: string;
  /** What a client sends. What `read` takes beyond that is for Prefect's clients, and is not promised. */
  readonly schema: JsonSchema;
  /** What stands for it where a client sends none. */
  readonly absent: (defaults: FilterDefaults) => Value;
  /** Whether every event fits. */
  readonly isAbsent: (value: Value) => boolean;
  /** Reads the part as a client sends it. `absent` stands for what is not there. */
  readonly read: (absent: Value) => Reader<Value>;
  /** The live test; null where every event fits. */
  readonly test: (value: Value) => Condition<StoredEvent>;
  /** Conditions over the columns of `events` that must all hold. */
  readonly sql: (value: Value, bind: Bind) => readonly string[];
  /**
   * What it adds to the key of a filter. A new part adds its name and value where it is present, and nothing where it
   * is absent. The keys of filters without it must stay as they are: tokens hold a hash of them.
   */
  readonly key: (value: Value) => readonly unknown[];
  /** Keys of the filter index: every event that fits is found by each of them. */
  readonly access: (value: Value) => readonly Access[];
  /** Its label patterns, which count against the bounds of a filter. */
  readonly labels: (value: Value) => readonly LabelPatterns[];
  /** About how much of the heap it takes while the filter is live. */
  readonly heapBytes: (value: Value) => number;
}

export interface FilterDefaults {
  readonly now: Date;
  /** A missing `until` is none (on `/out`) instead of `now`. */
  readonly openEnded: boolean;
}

/** What is looked up: a whole text of an event, or what it begins with. */
export type AccessKind = 'eventId' | 'resourceId' | 'relatedId' | 'anyId' | 'resourceIdPrefix' | 'name' | 'namePrefix';

/** Every event that fits has one of the texts in that place. */
export type Access =
  | { readonly by: AccessKind; readonly texts: readonly string[] }
  | { readonly by: 'label' | 'labelPrefix'; readonly label: string; readonly texts: readonly string[] };

/** The access for a list of which the event must have one. An empty list is no condition. */
export function accessBy(by: AccessKind, texts: readonly string[]): readonly Access[] {
  return texts.length === 0 ? [] : [{ by, texts }];
}
