/** The deployments of work.py. */
import { post } from '../../support/http.ts';
import { until } from '../../support/poll.ts';
import type { Target } from '../../support/target.ts';

/** Resolves when both are there. */
export async function untilServed(target: Target): Promise<void> {
  await until(
    'both deployments are there',
    async () => {
      const { text } = await post(target, '/api/deployments/filter', {});
      return text.split('"name":"beside"').length === 3 || undefined;
    },
    90_000,
  );
}
