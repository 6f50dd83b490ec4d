/**
 * Heads that two servers in a row may read in two ways: a proxy's checks would be passed by what it took for a body.
 * docs/SECURITY.md lists what the library refuses before, and what nobody behind its parser can see.
 */
import { readHost } from '../base/public-url.ts';
import type { HeadFields } from './head-fields.ts';

const length = /^\d{1,15}$/;
const method = /^[A-Z-]+$/;
const usualMethods = new Set(['GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE']);

/** What is in doubt, as a sentence; null if nothing is. */
export function judgeHead(sentMethod: string, { values, lengths, codings }: HeadFields): string | null {
  if (lengths > 1) return 'Content-Length is there more than once.';
  const sentLength = values['content-length'];
  if (sentLength !== undefined && !length.test(sentLength)) {
    return 'Content-Length is no whole number of at most 15 digits.';
  }
  if (codings > 1 || (codings === 1 && values['transfer-encoding']?.toLowerCase() !== 'chunked')) {
    return 'Transfer-Encoding is another than chunked.';
  }
  if (lengths > 0 && codings > 0) return 'Content-Length and Transfer-Encoding are both there.';
  if (!isHost(values.host)) return 'Host is no name with an optional port.';
  if (!usualMethods.has(sentMethod) && !method.test(sentMethod)) return 'The method is not in upper case.';
  return null;
}

/** The same of a WebSocket handshake, which has no body: what came behind it would be taken for frames. */
export function judgeHandshake(sentMethod: string, fields: HeadFields): string | null {
  const { values, lengths, codings } = fields;
  const doubt = judgeHead(sentMethod, fields);
  if (doubt !== null) return doubt;
  if (codings > 0 || (lengths > 0 && Number(values['content-length']) > 0)) return 'A handshake has no body.';
  if (values.upgrade?.toLowerCase() !== 'websocket') return 'Upgrade is another than websocket.';
  if (values['sec-websocket-version'] !== '13') return 'Sec-WebSocket-Version is another than 13.';
  return null;
}

/** Clients and proxies name the same one again and again. */
let lastHost = '';

function isHost(sent: string | undefined): boolean {
  if (sent === undefined || sent === '') return false;
  if (sent === lastHost) return true;
  if (readHost(sent) === null) return false;
  lastHost = sent;
  return true;
}
