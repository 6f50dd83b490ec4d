/**
 * Refuses a request before anything behind it on its connection is looked at. uWebSockets.js goes on to parse what came
 * in the same read, and holds a short answer back meanwhile; one as long as its buffer goes out at once, and then the
 * connection can be closed.
 */
import { STATUS_CODES } from 'node:http';
import { failures } from '../base/errors.ts';
import type { ServerParts } from './parts.ts';
import type { HttpResponse } from './uws.ts';

/** Of the library's buffer for answers; what is missing is blanks, which JSON allows. */
const heldBytesMax = 16 * 1024;

/** In the handler of the request; afterwards the response is not to be touched. */
export function refuseDoubtful(response: HttpResponse, sentence: string, { counters, log }: ServerParts): void {
  counters.doubtful += 1;
  log.debug({ sentence }, 'a request in doubt was refused');
  const body = JSON.stringify({ exception_message: sentence }).padEnd(heldBytesMax);
  const { status } = failures.doubtfulHead;
  response.writeStatus(`${status} ${STATUS_CODES[status]}`).writeHeader('content-type', 'application/json');
  response.writeHeader('connection', 'close');
  // The body stands behind the last header, for an answer that is ended by the library's own call can no longer be
  // closed.
  response.writeHeader('content-length', `${body.length + '\r\n'.length}\r\n\r\n${body}`);
  response.close();
}
