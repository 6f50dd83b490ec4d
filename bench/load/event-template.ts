/**
 * One event as bytes, of which only the places that differ are written again: the load maker must cost less than the
 * server.
 */
export interface TemplateOptions {
  /** Begins event names and resource ids. */
  readonly prefix: string;
  /** The first 24 characters of every id; the last 12 are the event's number, in hex. */
  readonly idPrefix: string;
  readonly eventBytes: number;
  /** Different resource ids; 100 if not given. */
  readonly resources?: number;
}

const names = 10;
export const resourcesDefault = 100;
const regions = ['eu-west', 'us-east', 'ap-east', 'sa-east'];

export class EventTemplate {
  readonly bytes: Buffer;
  readonly #occurred: number;
  readonly #name: number;
  readonly #resource: number;
  readonly #region: number;
  readonly #sent: number;
  readonly #late: number;
  readonly #id: number;
  readonly #resources: number;

  constructor({ prefix, idPrefix, eventBytes, resources = resourcesDefault }: TemplateOptions) {
    this.#resources = resources;
    const text = (fill: string): string =>
      `{"occurred":"2026-01-01T00:00:00.000000Z","event":"${prefix}.event.0",` +
      `"resource":{"prefect.resource.id":"${prefix}.resource.${resourceText(0, resources)}",` +
      `"prefect.resource.name":"a bench resource","region":"${regions[0]}"},` +
      `"related":[{"prefect.resource.id":"${prefix}.owner","prefect.resource.role":"owner"}],` +
      `"payload":{"at":"0000000000000000","late":"000000","fill":"${fill}"},"id":"${idPrefix}000000000000"}`;
    this.bytes = Buffer.from(text(filler(eventBytes - text('').length)));
    const after = (mark: string): number => this.bytes.indexOf(mark) + mark.length;
    this.#occurred = after('{"occurred":"');
    this.#name = after(`${prefix}.event.`);
    this.#resource = after(`${prefix}.resource.`);
    this.#region = after('"region":"');
    this.#sent = after('"at":"');
    this.#late = after('"late":"');
    this.#id = after(idPrefix);
  }

  /**
   * Writes the event of this number at an offset; times are microseconds since 1970, `lateMicros` what its sender was
   * late by.
   */
  write(into: Buffer, at: number, number: number, occurredMicros: number, sentMicros: number, lateMicros = 0): void {
    this.bytes.copy(into, at);
    into.write(timeText(occurredMicros), at + this.#occurred, 'latin1');
    into[at + this.#name] = 48 + (number % names);
    into.write(resourceText(number % this.#resources, this.#resources), at + this.#resource, 'latin1');
    into.write(regions[number % regions.length] ?? '', at + this.#region, 'latin1');
    into.write(String(sentMicros), at + this.#sent, 'latin1');
    into.write(String(Math.min(999_999, Math.floor(lateMicros))).padStart(6, '0'), at + this.#late, 'latin1');
    into.write(number.toString(16).padStart(12, '0'), at + this.#id, 'latin1');
  }
}

function filler(bytes: number): string {
  return 'lorem ipsum '.repeat(Math.max(0, Math.ceil(bytes / 12))).slice(0, Math.max(0, bytes));
}

/** The end of a resource's id, as wide for each of them. */
export function resourceText(resource: number, resources: number): string {
  return String(resource).padStart(String(resources - 1).length, '0');
}

/** Microseconds since 1970 by the clock that all processes of the machine share. */
export function nowMicros(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

let lastSecond = -1;
let lastSecondText = '';

/** Formats a date once a second only. */
function timeText(micros: number): string {
  const second = Math.floor(micros / 1e6);
  if (second !== lastSecond) {
    lastSecond = second;
    lastSecondText = new Date(second * 1000).toISOString().slice(0, 20);
  }
  return `${lastSecondText}${String(micros % 1e6).padStart(6, '0')}Z`;
}
