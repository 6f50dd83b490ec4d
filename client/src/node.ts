/** The client in Node: what the package gives there. */
import { WebSocket } from 'ws';
import type { ConnectOptions } from './options.ts';
import { Sluice } from './sluice.ts';
import type { SocketClass } from './socket-port.ts';
import { fetchWithHint, withHint } from './untrusted.ts';

/** Without compression, which costs more than it saves; a frame holds at most one event. */
class SluiceSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols, { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024, skipUTF8Validation: true });
    this.on('error', withHint);
  }
}

/** Throws TypeError for an address that is none; opens nothing yet. */
export function connect(options: ConnectOptions): Sluice {
  const { fetch = fetchWithHint } = options;
  return new Sluice({ ...options, fetch }, SluiceSocket as unknown as SocketClass); // `ws` has all that is asked of it
}

export { fileStore } from './file-store.ts';
export * from './names.ts';
