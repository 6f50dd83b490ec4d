/**
 * Whether the NATS servers sync each write, as their monitoring says: JetStream itself does not tell a client.
 */
export type SyncPromise = 'synced' | 'notSynced' | 'unknown';

const answerMs = 3_000;

/**
 * `notSynced` as soon as one of them does not; `unknown` where none is named, or one does not answer. Never rejects.
 */
export async function askSyncPromise(monitorUrls: readonly string[]): Promise<SyncPromise> {
  const answers = await Promise.all(monitorUrls.map(askOne));
  if (answers.includes('notSynced')) return 'notSynced';
  return answers.length > 0 && answers.every((answer) => answer === 'synced') ? 'synced' : 'unknown';
}

/** What follows from it, in a sentence. */
export function promiseSentence(promise: SyncPromise): string {
  switch (promise) {
    case 'synced':
      return 'What is answered with 204 survives a power cut of all NATS servers: each of them syncs every write.';
    case 'notSynced':
      return (
        'What is answered with 204 survives the loss of a minority of the NATS servers, and no power cut of all of ' +
        'them at once: set `sync_interval: always` in their jetstream section.'
      );
    case 'unknown':
      return (
        'What is answered with 204 survives the loss of a minority of the NATS servers; whether it survives a power ' +
        'cut of all of them is not known: SLUICE_LOG_MONITOR_URLS names no servers, or one of them does not say.'
      );
  }
}

interface Varz {
  readonly jetstream?: { readonly config?: { readonly sync_always?: boolean } };
}

async function askOne(url: string): Promise<SyncPromise> {
  try {
    const answer = await fetch(`${url}/varz`, { signal: AbortSignal.timeout(answerMs) });
    const { jetstream } = (await answer.json()) as Varz; // as NATS documents it
    if (jetstream?.config === undefined) return 'unknown';
    return jetstream.config.sync_always === true ? 'synced' : 'notSynced';
  } catch {
    return 'unknown';
  }
}
