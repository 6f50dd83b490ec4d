/** The compiled module of src/event-text/read-plain-event.ts. */
export function compile(): Promise<Buffer>;
