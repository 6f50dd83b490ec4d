/** The compiled module of src/wasm/read-plain-event.ts. */
export function compile(): Promise<Buffer>;
