/**
 * The largest head of a request: uWebSockets.js reads it from the environment, once, when it is loaded.
 */
export function limitHeads(headBytesMax: number): void {
  process.env['UWS_HTTP_MAX_HEADERS_SIZE'] = String(headBytesMax);
}
