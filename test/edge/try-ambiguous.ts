/**
 * Sends every ambiguous request to a host and a port: to Sluice itself, or to a proxy before it. `storedOf` is asked of
 * Sluice. What always holds: a smuggled event is never stored. What a proxy makes one plain request of may be answered
 * as such.
 */
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { eventLike } from '../../support/events.ts';
import { type AmbiguousRequest, ambiguousRequests } from './ambiguous-requests.ts';

export interface AmbiguousAnswer {
  /** Of every answer that came, in order. */
  readonly statuses: readonly number[];
  readonly isClosed: boolean;
}

const answerMs = 1_500;

export interface AmbiguousTarget {
  readonly host: string;
  readonly port: number;
  /** For the header. */
  readonly name: string;
  readonly path: string;
  /** Which of these events are stored. Asked once, at the end. */
  readonly storedOf: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
}

export interface AmbiguousOutcome {
  readonly request: AmbiguousRequest;
  readonly answer: AmbiguousAnswer;
  readonly isOwnStored: boolean;
  readonly isSmuggledStored: boolean;
}

/** Sends them all, one after the other, each on a connection of its own. */
export async function tryAmbiguousRequests(
  target: AmbiguousTarget,
  requests: readonly AmbiguousRequest[] = ambiguousRequests,
): Promise<AmbiguousOutcome[]> {
  const { host, port, name, path, storedOf } = target;
  const tried: { request: AmbiguousRequest; answer: AmbiguousAnswer; own: string; smuggled: string }[] = [];
  for (const request of requests) {
    const [own, smuggled] = [randomUUID(), randomUUID()];
    const second = smuggledRequest(name, path, bodyOf(smuggled));
    const bytes = request.bytes({ host: name, path, own: bodyOf(own), smuggled: second });
    tried.push({ request, answer: await sendAmbiguous(host, port, bytes), own, smuggled });
  }
  const stored = await storedOf(tried.flatMap(({ own, smuggled }) => [own, smuggled]));
  return tried.map(({ request, answer, own, smuggled }) => {
    return { request, answer, isOwnStored: stored.has(own), isSmuggledStored: stored.has(smuggled) };
  });
}

function bodyOf(id: string): string {
  return JSON.stringify([eventLike({ id })]);
}

/** The table of docs/SECURITY.md. */
export function ambiguityTable(): string {
  const rows = ambiguousRequests.map(({ name, refusedBy, status, closes }) => {
    const answer =
      status === null
        ? closes
          ? 'closed without an answer'
          : 'no answer until its time is over'
        : `${status}, closed`;
    return `| ${name} | ${refusedBy} | ${answer} |`;
  });
  return ['| request | refused by | answer |', '|---|---|---|', ...rows].join('\n');
}

/** Sends the bytes in one write and reads until the server closes, or for a while. */
export function sendAmbiguous(host: string, port: number, bytes: Buffer): Promise<AmbiguousAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let text = '';
    const finish = (isClosed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status));
      resolve({ statuses, isClosed });
    };
    const timer = setTimeout(() => finish(false), answerMs);
    let isConnected = false;
    socket.on('connect', () => {
      isConnected = true;
      socket.write(bytes);
    });
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', (error) => {
      if (!isConnected) reject(error);
    });
    socket.on('close', () => finish(true));
  });
}

/** A request of one event, as text, for a body that a reader may take for one. */
export function smuggledRequest(host: string, path: string, body: string): string {
  return (
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ` +
    `application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}
