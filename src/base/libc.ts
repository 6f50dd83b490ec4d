/**
 * Calls of the C library that neither Node nor the edge library has.
 */
import { createRequire } from 'node:module';
import type { DataType as DataTypes, load as loadFunction, open as openFunction } from 'ffi-rs';

export interface Ffi {
  readonly DataType: typeof DataTypes;
  readonly load: typeof loadFunction;
}

let ffi: Ffi | null = null;

/** Throws Error where its native part or the library is missing. */
export function openLibc(): Ffi {
  if (ffi !== null) return ffi;
  // Required, not imported: its native part is missing on some systems, and then the caller has the word.
  const found = createRequire(import.meta.url)('ffi-rs') as Ffi & { readonly open: typeof openFunction }; // CommonJS
  found.open({ library: 'libc', path: 'libc.so.6' });
  ffi = found;
  return ffi;
}

let canReturn = process.platform === 'linux';

/** Gives back to the system what the allocator keeps though it is free; does nothing where that cannot be had. */
export function returnFreeMemory(): void {
  if (!canReturn) return;
  try {
    const { DataType, load } = openLibc();
    load({
      library: 'libc',
      funcName: 'malloc_trim',
      retType: DataType.I32,
      paramsType: [DataType.I64],
      paramsValue: [0],
    });
  } catch {
    canReturn = false;
  }
}
