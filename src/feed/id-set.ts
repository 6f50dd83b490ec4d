/**
 * A set of event ids in typed arrays (16 bytes an id and its slot): what the dedupe pipe of one feed remembers of the
 * last stretch of history, to count a wrong cut between history and log (I3).
 */
export interface IdSet {
  add(id: string): void;
  has(id: string): boolean;
  readonly size: number;
}

const words = 4;

/** An empty set; ids are lower-case UUIDs with dashes. Grows by doubling. */
export function createIdSet(): IdSet {
  let capacity = 64;
  let table = new Uint32Array(capacity * words);
  let used = new Uint8Array(capacity);
  let size = 0;
  const key = new Uint32Array(words);

  /** The slot that holds the key, or the free one where it belongs. */
  function slotOf(): number {
    let slot = mixed(key) & (capacity - 1);
    while (used[slot] !== 0) {
      const at = slot * words;
      if (table[at] === key[0] && table[at + 1] === key[1] && table[at + 2] === key[2] && table[at + 3] === key[3])
        break;
      slot = (slot + 1) & (capacity - 1);
    }
    return slot;
  }

  function put(): void {
    const slot = slotOf();
    if (used[slot] !== 0) return;
    used[slot] = 1;
    table.set(key, slot * words);
    size += 1;
  }

  function grow(): void {
    const [oldTable, oldUsed] = [table, used];
    capacity *= 2;
    table = new Uint32Array(capacity * words);
    used = new Uint8Array(capacity);
    size = 0;
    for (let slot = 0; slot < oldUsed.length; slot += 1) {
      if (oldUsed[slot] === 0) continue;
      key.set(oldTable.subarray(slot * words, slot * words + words));
      put();
    }
  }

  return {
    add(id) {
      if (size * 2 >= capacity) grow();
      readKey(id, key);
      put();
    },
    has(id) {
      readKey(id, key);
      return used[slotOf()] !== 0;
    },
    get size() {
      return size;
    },
  };
}

/** Ids made in one go share most of their words, and those of version 7 begin with the time. */
function mixed(key: Uint32Array): number {
  let hash = 0;
  for (const word of key) {
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

function readKey(id: string, key: Uint32Array): void {
  key[0] = Number.parseInt(id.slice(0, 8), 16);
  key[1] = Number.parseInt(id.slice(9, 13) + id.slice(14, 18), 16);
  key[2] = Number.parseInt(id.slice(19, 23) + id.slice(24, 28), 16);
  key[3] = Number.parseInt(id.slice(28), 16);
}
