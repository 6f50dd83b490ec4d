/**
 * Memory for frames that are handed on at once (I2, decision 027): each call gives the same, and overwrites what the
 * call before got.
 */
const bytesMax = 1024 * 1024;

export function createScratch(): (bytes: number) => Buffer {
  let memory = Buffer.alloc(0);
  return (bytes) => {
    if (bytes > bytesMax) return Buffer.allocUnsafeSlow(bytes);
    if (memory.length < bytes) memory = Buffer.allocUnsafeSlow(Math.min(bytesMax, 2 * bytes));
    return memory;
  };
}
