/** An event as the outputs see it: its text as stored, and its fields when they are asked for. */
import type { AnsweredEvent } from '../../schemas/wire.ts';
import { type RawFields, rawFields } from './raw-fields.ts';

export class ShownEvent {
  readonly text: string;
  #raw: RawFields | null = null;
  #parsed: AnsweredEvent | null = null;

  constructor(text: string) {
    this.text = text;
  }

  get raw(): RawFields {
    this.#raw ??= rawFields(this.text);
    return this.#raw;
  }

  get parsed(): AnsweredEvent {
    this.#parsed ??= JSON.parse(this.text) as AnsweredEvent; // a server's answer
    return this.#parsed;
  }

  get resourceId(): string {
    return this.parsed.resource['prefect.resource.id'] ?? '';
  }

  /** The labels of the resource but its id. */
  get labels(): [string, string][] {
    return Object.entries(this.parsed.resource).filter(([name]) => name !== 'prefect.resource.id');
  }

  get payload(): string {
    return this.raw['payload'] ?? '{}';
  }
}
