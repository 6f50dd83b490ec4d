/**
 * The law of real networks: a request's answer does not depend on the pieces in which it came. For requests that are
 * glued together: none runs twice, no answer goes to another request, and an acknowledgement that was lost is healed by
 * the same ids.
 */
import { randomUUID } from 'node:crypto';
import { authMessage, authSuccess, filterMessage } from '../../schemas/wire.ts';
import { eventLike, publish } from '../../support/events.ts';
import { send } from '../../support/http.ts';
import { randomFrom } from '../../support/random.ts';
import { textFrame, upgradeHead } from '../../support/raw-socket.ts';
import type { Target } from '../../support/target.ts';
import { cutAt, everyCut, fewCuts, singleBytes } from './cuts.ts';
import { closed, type Place, Player } from './player.ts';
import { type RecordedRequest, shapesOf, withFewQueries } from './recorded-requests.ts';
import { storedOf } from './stored-ids.ts';

export interface EdgeOptions {
  readonly seed: number;
  readonly players: number;
  /** Between two pieces. */
  readonly gapMs: number;
  /** Every request is cut at every byte, not one of each shape. */
  readonly isLong: boolean;
  /** Longer bodies are cut at their edges only. */
  readonly wholeBodyBytesMax: number;
  readonly pairs: number;
}

export interface EdgeReport {
  readonly requests: number;
  readonly shapes: number;
  /** Requests that were sent in two pieces, in single bytes, and two in one; frames of WebSockets in two pieces. */
  readonly cuts: number;
  readonly singles: number;
  readonly pairs: number;
  readonly frameCuts: number;
  /** Pairs whose second answer came too; the others ended after the first, or before it. */
  readonly bothAnswered: number;
  readonly wrong: readonly string[];
}

/** Of the requests, in the short form. */
const sampleShare = 0.05;

interface Work {
  readonly name: string;
  readonly run: (player: Player) => Promise<string | null>;
}

export async function tryPieces(
  target: Target,
  requests: readonly RecordedRequest[],
  options: EdgeOptions,
): Promise<EdgeReport> {
  const { hostname, port } = new URL(target.baseUrl());
  const place = { host: hostname, port: Number(port) };
  const random = randomFrom(options.seed);
  const shapes = shapesOf(requests);
  const whole = new WholeAnswers(place);
  const everywhere = (request: RecordedRequest): number[] => everyCut(request, options.wholeBodyBytesMax);
  const cuts = cutWork(options.isLong ? requests : withFewQueries(shapes), whole, everywhere);
  if (!options.isLong) {
    const some = requests.filter(() => random() < sampleShare);
    cuts.push(...cutWork(some, whole, (request) => fewCuts(request, random)));
  }
  const singles = shapes.flatMap((request) => {
    const pieces = singleBytes(request.bytes);
    return pieces === null ? [] : [pieceWork(`${request.shape} in single bytes`, request, pieces, whole)];
  });
  const glued = gluedWork(requests, whole, random, options.pairs);
  const frames = await frameWork(target);
  const wrong = await runAll([...cuts, ...singles, ...glued.work, ...frames], place, options);
  wrong.push(...(await gluedEvents(target, place)));
  return {
    requests: requests.length,
    shapes: shapes.length,
    cuts: cuts.length,
    singles: singles.length,
    pairs: glued.work.length,
    frameCuts: frames.length,
    bothAnswered: glued.bothAnswered(),
    wrong,
  };
}

/** What requests are answered when they come whole; asked when first wanted. */
class WholeAnswers {
  readonly #place: Place;
  readonly #answers = new Map<RecordedRequest, Promise<string>>();

  constructor(place: Place) {
    this.#place = place;
  }

  of(request: RecordedRequest): Promise<string> {
    const known = this.#answers.get(request);
    if (known !== undefined) return known;
    const asked = this.#ask(request);
    this.#answers.set(request, asked);
    return asked;
  }

  /**
   * Of a request whose whole answer changes by itself, as what counts up to now does, only the first line can be told.
   */
  async isRight(request: RecordedRequest, answer: string): Promise<boolean> {
    const before = await this.of(request);
    if (isSame(answer, before)) return true;
    this.#answers.delete(request);
    const now = await this.of(request);
    return isSame(answer, now) || (!isSame(before, now) && firstLineOf(answer) === firstLineOf(now));
  }

  async #ask(request: RecordedRequest): Promise<string> {
    const player = new Player(this.#place, 0);
    const answer = await untilNotBusy(player, [request.bytes], request);
    player.end();
    return answer;
  }
}

/** But for the token of the next page, which holds the time of its question. */
function isSame(one: string, other: string): boolean {
  return one === other || withoutToken(one) === withoutToken(other);
}

function firstLineOf(answer: string): string {
  return answer.slice(0, answer.indexOf('\r\n'));
}

function withoutToken(answer: string): string {
  return answer.includes('page-token=')
    ? answer.replace(/page-token=[^"]+/, '').replace(/^content-length: .*$/im, '')
    : answer;
}

function cutWork(
  requests: readonly RecordedRequest[],
  whole: WholeAnswers,
  cutsOf: (request: RecordedRequest) => number[],
): Work[] {
  return requests.flatMap((request) =>
    cutsOf(request).map((at) => pieceWork(`${request.shape} cut at ${at}`, request, cutAt(request.bytes, at), whole)),
  );
}

function pieceWork(name: string, request: RecordedRequest, pieces: readonly Buffer[], whole: WholeAnswers): Work {
  return {
    name,
    run: async (player) => {
      const answer = await untilNotBusy(player, pieces, request);
      return (await whole.isRight(request, answer)) ? null : wrongOf(answer, await whole.of(request));
    },
  };
}

const busy = /^HTTP\/1\.1 503 .*"All \d+ queries/s;

/** A right answer too: more queries came at once than may run. Then it is asked again. */
async function untilNotBusy(player: Player, pieces: readonly Buffer[], request: RecordedRequest): Promise<string> {
  for (;;) {
    const [answer = closed] = await player.play(pieces, [request]);
    if (!busy.test(answer)) return answer;
  }
}

/**
 * Two requests in one write: what comes are the answers of the first ones, each whole and right, then at most the end.
 */
function gluedWork(
  requests: readonly RecordedRequest[],
  whole: WholeAnswers,
  random: () => number,
  count: number,
): { readonly work: Work[]; readonly bothAnswered: () => number } {
  let bothAnswered = 0;
  const firsts = requests.filter(({ isHandshake, path }) => !isHandshake && !path.includes('/events/out'));
  const pick = (from: readonly RecordedRequest[]): RecordedRequest => {
    const picked = from[Math.floor(random() * from.length)];
    if (picked === undefined) throw new Error('there are no requests');
    return picked;
  };
  const work = Array.from({ length: count }, () => {
    const pair = [pick(firsts), pick(requests)] as const;
    return {
      name: `${pair[0].shape} glued to ${pair[1].shape}`,
      run: async (player: Player) => {
        const answers = await player.play([Buffer.concat(pair.map(({ bytes }) => bytes))], pair);
        if (answers.length === 2 && answers[1] !== closed) bothAnswered += 1;
        for (const [nth, request] of pair.entries()) {
          const answer = answers[nth];
          if (answer === undefined || answer === closed || busy.test(answer)) return null;
          if (!(await whole.isRight(request, answer))) return wrongOf(answer, await whole.of(request));
        }
        return null;
      },
    };
  });
  return { work, bothAnswered: () => bothAnswered };
}

/** The first frames of both kinds of sockets, cut at every byte. */
async function frameWork(target: Target): Promise<Work[]> {
  const event = eventLike({ event: 'edge.frame' });
  await publish(target, [event]);
  const ping = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);
  const auth = textFrame(authMessage(target.authString));
  const filter = filterMessage({ event: { name: ['edge.nothing'] } }, { backfill: false });
  const sockets = [
    ['/api/events/in', Buffer.concat([auth, textFrame(JSON.stringify(event)), ping])],
    ['/api/events/out', Buffer.concat([auth, textFrame(filter), ping])],
  ] as const;
  const answer = Buffer.concat([frameOf(authSuccess), Buffer.from([0x8a, 0])]).toString('latin1');
  return sockets.flatMap(([path, frames]) =>
    Array.from({ length: frames.length - 1 }, (_, nth) => ({
      name: `frames of ${path} cut at ${nth + 1}`,
      run: async (player: Player) => {
        const received = await player.shake(Buffer.from(upgradeHead(path)), cutAt(frames, nth + 1), answer.length);
        return received === answer ? null : wrongOf(received, answer);
      },
    })),
  );
}

/** An unmasked text frame of a server. */
function frameOf(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);
}

const gluedPairs = 100;

/**
 * Pairs of new events in one write, then each again by itself: each is stored, and was run once by the pair at most.
 */
async function gluedEvents(target: Target, place: Place): Promise<string[]> {
  const parsedBefore = await parsedEvents(target);
  const ids: string[] = [];
  const player = new Player(place, 0);
  const wrong: string[] = [];
  for (let pair = 0; pair < gluedPairs; pair += 1) {
    const both = [randomUUID(), randomUUID()];
    const requests = both.map((id) => Buffer.from(postOf(target, id)));
    const glued = await player.play([Buffer.concat(requests)], [{ method: 'POST' }, { method: 'POST' }]);
    if (glued.some((answer) => answer !== closed && !/^HTTP\/1\.1 204 /.test(answer))) wrong.push(`glued: ${glued}`);
    for (const request of requests) {
      const [again = closed] = await player.play([request], [{ method: 'POST' }]);
      if (!/^HTTP\/1\.1 204 /.test(again)) wrong.push(`sent again: ${again}`);
    }
    ids.push(...both);
  }
  player.end();
  // Once from each pair, and each again; storedOf sends one more.
  const parsed = (await parsedEvents(target)) - parsedBefore;
  if (parsed > 3 * gluedPairs) wrong.push(`${parsed} events were run for ${gluedPairs} pairs, each sent again`);
  const stored = await storedOf(target, ids);
  if (stored.size !== ids.length) wrong.push(`${stored.size} of ${ids.length} events are stored`);
  return wrong;
}

function postOf(target: Target, id: string): string {
  const body = JSON.stringify([eventLike({ id, event: 'edge.glued' })]);
  const { host } = new URL(target.baseUrl());
  return (
    `POST /api/events HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ` +
    `application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}

async function parsedEvents(target: Target): Promise<number> {
  const { text } = await send(target, { path: '/metrics' });
  return Number(/^sluice_events_parsed_total (\d+)$/m.exec(text)?.[1]);
}

const wrongShownMax = 20;

async function runAll(work: readonly Work[], place: Place, { players, gapMs }: EdgeOptions): Promise<string[]> {
  const wrong: string[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: players }, async () => {
      const player = new Player(place, gapMs);
      for (let mine = next++; mine < work.length && wrong.length < wrongShownMax; mine = next++) {
        const one = work[mine];
        const fault = await one?.run(player);
        if (fault) wrong.push(`${one?.name}: ${fault}`);
      }
      player.end();
    }),
  );
  return wrong;
}

function wrongOf(answer: string, wanted: string): string {
  return `${JSON.stringify(answer.slice(0, 200))} instead of ${JSON.stringify(wanted.slice(0, 200))}`;
}
