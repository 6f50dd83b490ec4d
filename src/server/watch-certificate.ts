/**
 * Looks at what the files of a certificate and its key hold, and says when that has changed.
 */
import { createHash } from 'node:crypto';
import { firstLineOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { contentOf, type TlsFiles } from './tls.ts';

const lookMs = 500;

/** `renew` takes the new pair, or throws; then the next change is waited for. Returns what ends it. */
export function watchCertificate(files: TlsFiles, renew: () => Promise<void>, log: Pick<Log, 'error'>): () => void {
  let served = digestOf(files);
  let refused: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isEnded = false;

  async function look(): Promise<void> {
    const found = digestOf(files);
    if (found === served || found === null || found === refused) return;
    try {
      await renew();
      served = found;
      refused = null;
    } catch (error) {
      // Both files are rarely written at once: the next look may find a whole pair.
      refused = found;
      log.error({ reason: firstLineOf(error) }, 'The changed certificate cannot serve; the one before it goes on');
    }
  }

  function wait(): void {
    timer = setTimeout(() => void look().finally(() => !isEnded && wait()), lookMs).unref();
  }

  wait();
  return () => {
    isEnded = true;
    clearTimeout(timer);
  };
}

/** Null while they cannot be read. */
function digestOf(files: TlsFiles): string | null {
  const content = contentOf(files);
  return content === null ? null : createHash('sha256').update(content).digest('hex');
}
