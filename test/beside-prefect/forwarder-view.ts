/** What Sluice says of its forwarder. */
import { send } from '../../support/http.ts';
import type { Target } from '../../support/target.ts';
import { patiently } from './patiently.ts';

export interface ForwarderView {
  readonly lagEvents: number;
  readonly unconfirmedEvents: number;
  readonly counters: Readonly<Record<string, number>>;
}

export async function forwarderOf(sluice: Target): Promise<ForwarderView> {
  const { text } = await send(sluice, { path: '/api/ready?verbose=1' });
  return (JSON.parse(text) as { forwarder: ForwarderView }).forwarder; // Sluice's answer
}

/** Resolves when Prefect has all for sure. */
export async function untilForwarded(sluice: Target): Promise<void> {
  await patiently('all is forwarded', async () => {
    const { lagEvents, unconfirmedEvents } = await forwarderOf(sluice);
    return lagEvents === 0 && unconfirmedEvents === 0 ? true : undefined;
  });
}
