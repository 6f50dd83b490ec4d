/**
 * How much V8 lets come before it marks its whole heap: bytes of Buffers count, too, and over a heap of 20 MB its own
 * measure is a few of them, so that it marked several times a second, for nothing, while subscribers waited (I5,
 * decision 027).
 */
import { setFlagsFromString } from 'node:v8';

/**
 * The heap and the bytes that have come since the last marking may be four times what that one left; V8's own is 1.1 to
 * 4 times.
 */
const growingPercent = 300;

/** To be called at the start. */
export function giveHeapRoom(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
}
