/**
 * Where things lie in the code's memory, below the texts. src/event-text/plain-event.ts knows the same places.
 */

/**
 * Results of the last `readEvent`, 32-bit numbers one behind the other: bytes of what was put together, and of its
 * canonical text.
 */
export const blockBytesResult: i32 = 0;
export const rawBytesResult: i32 = 4;
/** 1 once a byte beyond ASCII was read: then the text must be UTF-8, which this code does not check. */
export const isBeyondAsciiResult: i32 = 8;
/** Bytes of the time at `timePlace`. */
export const timeBytesResult: i32 = 12;
/** Whole seconds since 1970 of the time, as a 64-bit number. */
export const secondsResult: i32 = 16;

/** The last event's time, canonical: `YYYY-MM-DDThh:mm:ss[.ffffff]Z`. */
export const timePlace: i32 = 64;
/** 36 characters, in lower case with dashes. */
export const idPlace: i32 = 128;
export const followsPlace: i32 = 192;

/** A stack of open containers: where the keys of each begin, and its number (keys.ts). */
export const levelsFrom: i32 = 4096;
export const levelBytes: i32 = 8;

/** A stack of the keys of open objects (keys.ts). */
export const keysFrom: i32 = 16384;
export const keyBytes: i32 = 24;
export const keysMax: i32 = 8192;

/** Slots of 8 bytes, by the hash of a key (keys.ts). */
export const slotsFrom: i32 = 212992;
export const slotBits: i32 = 14;
export const slotBytes: i32 = 8;

/** Which leading bytes begin a character that is folded: 16 bytes for either half of a byte (beyond-ascii.ts). */
export const foldedLeads: i32 = 344064;
/** Of each 64 characters, which block of folds is theirs, 16 bits; 0 where none of them is folded. */
export const foldBlocks: i32 = 344128;
/** Characters beyond this one are not folded. */
export const foldedMax: i32 = 0x1ffff;
/** Blocks of 64 folds of 8 bytes: the UTF-8 of what a character is folded to, and its length; 0 if it is not folded. */
export const foldsFrom: i32 = 348224;
