/**
 * Rows of the events table as the journal keeps them, made from parts that may be odd.
 */
import { randomUUID } from 'node:crypto';

export interface RowParts {
  readonly seq: number;
  readonly id?: string;
  /** `YYYY-MM-DD hh:mm:ss.ffffff` */
  readonly received?: string;
  readonly occurred?: string;
  readonly event?: string;
  readonly resource?: Readonly<Record<string, string>>;
  readonly related?: readonly Readonly<Record<string, string>>[];
  /** JSON text, taken as it is. */
  readonly payload?: string;
  readonly search?: string;
  /** Replaces the envelope's text, good or not. */
  readonly envelope?: string;
}

export function rawOf(parts: RowParts): { raw: string; head: number } {
  const occurred = parts.occurred ?? '2026-11-22 01:02:03.000000';
  const event = JSON.stringify(parts.event ?? 'thing.happened');
  const resource = JSON.stringify(parts.resource ?? { 'prefect.resource.id': 'thing.1' });
  const related = JSON.stringify(parts.related ?? []);
  const envelope =
    parts.envelope ??
    `{"occurred":"${occurred.replace(' ', 'T')}Z","event":${event},"resource":${resource},"related":${related}`;
  const raw =
    `${envelope},"payload":${parts.payload ?? '{}'},"id":"${parts.id ?? randomUUID()}",` +
    '"follows":null,"received":"2026-11-22T01:02:03Z"}';
  return { raw, head: Buffer.byteLength(envelope) };
}

/** One TSVRaw line. */
export function rowLine(parts: RowParts): string {
  const id = parts.id ?? randomUUID();
  const { raw, head } = rawOf({ ...parts, id });
  const received = parts.received ?? now();
  const occurred = parts.occurred ?? '2026-11-22 01:02:03.000000';
  return `${parts.seq}\t${id}\t${received}\t${occurred}\t${head}\t${parts.search ?? ''}\t${raw}\n`;
}

export function rowLines(rows: readonly RowParts[]): Buffer {
  return Buffer.from(rows.map(rowLine).join(''));
}

function now(): string {
  return `${new Date().toISOString().slice(0, -1).replace('T', ' ')}000`;
}
