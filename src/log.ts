/**
 * The program's log: JSON lines on stderr (pino: small, kept, fast). Nothing that is logged may hold a secret or a payload.
 */
import pino from 'pino';

export type Log = pino.Logger;

export function createLog(level: string): Log {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }));
}
