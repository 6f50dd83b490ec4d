/**
 * A journal whose own events are forwarded to a peer by a forwarder that is killed and started again, as a process
 * would be: what is in memory is gone, and what is in files is found.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { nodeFiles } from '../../src/base/file-port.ts';
import { createLog } from '../../src/base/log.ts';
import { splitRow } from '../../src/event-log/row.ts';
import { openOf } from '../../src/event-text/canonical.ts';
import { PlainReader } from '../../src/event-text/plain-event.ts';
import type { PlaceStore } from '../../src/forwarder/kept-place.ts';
import { readPassing } from '../../src/forwarder/passing.ts';
import { placeFile } from '../../src/forwarder/place-file.ts';
import { prefectApi } from '../../src/forwarder/prefect-api.ts';
import type { SendPermit } from '../../src/forwarder/send-events.ts';
import { type Forwarder, type ForwarderRunTimes, startForwarder } from '../../src/forwarder/start-forwarder.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/journal-options.ts';
import { open } from '../journal/support.ts';

export interface SentEvent {
  readonly id: string;
  readonly event: string;
  readonly isFromPrefect: boolean;
}

/** All some hundred times shorter than they are in use, in the same relations. */
export const shortTimes: ForwarderRunTimes = {
  backoffFirstMs: 2,
  backoffMaxMs: 20,
  doubtMs: 120,
  settleMs: 150,
  repeatMs: 3_100,
  showMs: 600,
  lookMs: 10,
  confirmMs: 10,
  silentMs: 2_000,
  gapMs: 5,
};
/** Late is later than `answerMs`. */
export const peerTimes = { flushMs: 40, lateMs: 700, answerMs: 400 };

export interface LifeOptions {
  readonly filter?: string;
  readonly eventsPerS?: number;
  readonly answerMs?: number;
  readonly journal?: Partial<JournalOptions>;
  readonly times?: Partial<ForwarderRunTimes>;
  readonly permit?: SendPermit;
}

/** Keeps nothing any more once its process is dead. */
function mortalStore(store: PlaceStore, process: { readonly isDead: boolean }): PlaceStore {
  return { ...store, save: async (place) => (process.isDead ? undefined : await store.save(place)) };
}

export class ForwardedLife {
  readonly sent: SentEvent[] = [];
  readonly texts = new Map<string, string>();
  readonly live = { mark: 0 };
  readonly journal: Journal;
  forwarder!: Forwarder;
  /** For so long the process was stopped so far. */
  stoppedMs = 0;
  /** Of all forwarders so far. */
  sentAgain = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'forward-life-'));
  readonly #url: string;
  readonly #options: LifeOptions;
  #process = { isDead: false };
  readonly #reader = new PlainReader();

  static async begin(url: string, options: LifeOptions = {}): Promise<ForwardedLife> {
    const life = new ForwardedLife(url, options);
    life.forwarder = await life.#start();
    return life;
  }

  private constructor(url: string, options: LifeOptions) {
    this.#url = url;
    this.#options = options;
    this.journal = open(this.#folder, { segmentBytesMax: 20_000, ...options.journal });
    this.live.mark = this.journal.head;
  }

  /** Appends them as one group, and hands it out. */
  take(events: readonly Omit<SentEvent, 'id'>[]): void {
    for (const { event, isFromPrefect } of events) {
      const id = `00000000-0000-4000-8000-${String(this.sent.length).padStart(12, '0')}`;
      const resource = { 'prefect.resource.id': 'r' };
      const sent = { occurred: '2026-11-22T10:00:00.5Z', event, resource, payload: { float: 1 }, id };
      const text = JSON.stringify(sent).replace('"float":1', '"float":1.0');
      const read = this.#reader.readMessage(Buffer.from(text));
      if (read === null) throw new Error(`An event of the test was refused: ${text}`);
      const receipt = { received: '2026-11-22T10:00:01Z', column: '2026-11-22 10:00:01.000000' };
      this.journal.append(read, receipt, 0, isFromPrefect);
      this.texts.set(id, `${openOf(splitRow(this.journal.lastRow().toString()).raw)}}`);
      this.sent.push({ id, event, isFromPrefect });
    }
    this.journal.commit();
    this.live.mark = this.journal.head;
    this.forwarder.wake();
  }

  /** It stops, which writes down where it stands; another one begins. */
  restart(): Promise<void> {
    return this.#replace();
  }

  /** The forwarder's memory goes, whatever it was doing, and nothing more is written down; another one begins. */
  kill(): Promise<void> {
    this.#process.isDead = true;
    return this.#replace();
  }

  async #replace(): Promise<void> {
    await this.forwarder.stop(0);
    this.sentAgain += this.forwarder.status.counters.sentAgain;
    this.forwarder = await this.#start();
  }

  async end(): Promise<void> {
    await this.forwarder.stop(1_000);
    this.journal.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<Forwarder> {
    this.#process = { isDead: false };
    const { filter = null, eventsPerS = 100_000, answerMs = 20_000, times, permit } = this.#options;
    return await startForwarder({
      events: this.journal,
      live: this.live,
      passing: readPassing(filter),
      api: prefectApi({ url: this.#url, authString: 'a:b', answerMs }),
      store: mortalStore(placeFile(this.#folder, false, nodeFiles), this.#process),
      eventsPerS,
      told: { url: this.#url, filter },
      clock: {
        elapsedMs: () => performance.now() + this.stoppedMs,
        pause: (ms, signal) => wait(ms, undefined, { signal }).catch(() => undefined),
      },
      now: Date.now,
      times: { ...shortTimes, ...times },
      ...(permit !== undefined && { permit }),
      log: createLog('silent'),
    });
  }
}
