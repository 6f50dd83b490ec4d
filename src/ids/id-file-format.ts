/**
 * The id files' format: records laid out as the journal's (size, CRC, kind, version, seq), of kinds of their own.
 *
 *   before  first in each file: what is known of all ids before the file, as if they were forgotten (JSON)
 *   ids     of each id 32 bytes: four words of the id, u64 seq, u32 second of receipt, its minute if
 *           it occurred later, else 0 (u32)
 *   lost    ids above the record's seq are not to be relied on; they, and others unseen, are forgotten (JSON)
 *   tagged  as ids, and behind them the tag of each (u32)
 */
import { recordHeaderBytes, sealRecord } from '../base/record.ts';
import { readU64, writeU64 } from '../base/u64.ts';
import type { ForgottenState } from './forgotten-ids.ts';
import type { KnownId } from './id-window.ts';

/** A number never changes its meaning. */
export const idRecordKinds = { before: 1, ids: 2, lost: 3, tagged: 4 } as const;

export const idBytes = 32;
const tagBytes = 4;

/** A `before` or `lost` record. */
export function encodeForgotten(kind: 1 | 3, seq: number, state: ForgottenState): Buffer {
  const payload = JSON.stringify(state);
  const bytes = Buffer.alloc(recordHeaderBytes + payload.length);
  bytes.write(payload, recordHeaderBytes, 'latin1');
  sealRecord(bytes, 0, kind, seq, payload.length);
  return bytes;
}

export function decodeForgotten(payload: Buffer): ForgottenState {
  return JSON.parse(payload.toString('latin1')) as ForgottenState; // the record's checksum holds, so it is as written
}

/** Ids in the making of a record: `count` of them stand in the buffer behind the header's place. */
export class IdRecord {
  readonly #buffer: Buffer;
  readonly #tags: Uint32Array;
  #count = 0;
  #seq = 0;
  #hasTags = false;

  constructor(idsMax: number) {
    this.#tags = new Uint32Array(idsMax);
    this.#buffer = Buffer.allocUnsafe(recordHeaderBytes + idsMax * (idBytes + tagBytes));
  }

  get count(): number {
    return this.#count;
  }
  get isFull(): boolean {
    return this.#count === this.#tags.length;
  }

  add({ words, at: from, seq, received, aheadMinute, tag }: KnownId): void {
    const at = recordHeaderBytes + this.#count * idBytes;
    for (let word = 0; word < 4; word += 1) this.#buffer.writeUInt32LE(words[from + word] ?? 0, at + word * 4);
    writeU64(this.#buffer, seq, at + 16);
    this.#buffer.writeUInt32LE(received, at + 24);
    this.#buffer.writeUInt32LE(aheadMinute, at + 28);
    this.#tags[this.#count] = tag;
    if (tag !== 0) this.#hasTags = true;
    this.#count += 1;
    this.#seq = seq;
  }

  /** The whole record; valid until the next `add`, which begins a new one. */
  seal(): Buffer {
    const { ids, tagged } = idRecordKinds;
    const payloadBytes = this.#count * idBytes + (this.#hasTags ? this.#putTags() : 0);
    sealRecord(this.#buffer, 0, this.#hasTags ? tagged : ids, this.#seq, payloadBytes);
    this.#count = 0;
    this.#hasTags = false;
    return this.#buffer.subarray(0, recordHeaderBytes + payloadBytes);
  }

  /** Behind the ids; gives their bytes. */
  #putTags(): number {
    const at = recordHeaderBytes + this.#count * idBytes;
    for (let nth = 0; nth < this.#count; nth += 1)
      this.#buffer.writeUInt32LE(this.#tags[nth] ?? 0, at + nth * tagBytes);
    return this.#count * tagBytes;
  }
}

/** The ids of a record's payload, with tags or without; the words are only valid during the call. */
export function visitIds(payload: Buffer, hasTags: boolean, visit: (known: KnownId) => void): void {
  const words = new Uint32Array(4);
  const count = Math.floor(payload.length / (hasTags ? idBytes + tagBytes : idBytes));
  for (let nth = 0; nth < count; nth += 1) {
    const at = nth * idBytes;
    for (let word = 0; word < 4; word += 1) words[word] = payload.readUInt32LE(at + word * 4);
    visit({
      words,
      at: 0,
      seq: readU64(payload, at + 16),
      received: payload.readUInt32LE(at + 24),
      aheadMinute: payload.readUInt32LE(at + 28),
      tag: hasTags ? payload.readUInt32LE(count * idBytes + nth * tagBytes) : 0,
    });
  }
}
