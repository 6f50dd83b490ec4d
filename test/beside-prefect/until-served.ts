/** The deployments of work.py. */
import { post } from '../../support/http.ts';
import type { Target } from '../../support/target.ts';
import { patiently } from './patiently.ts';

/** Resolves when both are there. */
export async function untilServed(target: Target): Promise<void> {
  await patiently('both deployments are there', async () => {
    const { text } = await post(target, '/api/deployments/filter', {});
    return text.split('"name":"beside"').length === 3 || undefined;
  });
}
