/** The client in a browser: what the package gives there. */
import type { ConnectOptions } from './options.ts';
import { Sluice } from './sluice.ts';
import type { SocketClass } from './socket-port.ts';

/** Throws TypeError for an address that is none; opens nothing yet. */
export function connect(options: ConnectOptions): Sluice {
  const { WebSocket } = globalThis as unknown as { readonly WebSocket: SocketClass }; // every browser has it
  return new Sluice(options, WebSocket);
}

export { localStore } from './local-store.ts';
export * from './names.ts';
