/** The compiled module of src/event-text/compiled/read-plain-event.ts. */
export function compile(): Promise<Buffer>;
