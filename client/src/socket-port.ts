/** What the client needs of a WebSocket: the part that browsers and `ws` have alike. */

export interface SocketPort {
  binaryType: string;
  readonly readyState: number;
  /** Bytes that were sent and are not yet on the wire. */
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** `ws` only: reading stops, so that the server sees a slow reader. */
  pause?(): void;
  resume?(): void;
  /** `ws` only: messages without an event object for each, and the server's pings. */
  on?(event: 'message' | 'ping', heard: (data: unknown) => void): unknown;
  /** `ws` only: hangs up without waiting for the other end. */
  terminate?(): void;
}

export type SocketClass = new (url: string, protocols: string[]) => SocketPort;
