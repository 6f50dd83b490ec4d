/** Four automations of a Prefect server, of every kind that hangs on events, and how often each has fired. */
import { post } from '../../support/http.ts';
import type { Target } from '../../support/target.ts';
import { makeAutomation } from './firings.ts';
import { patiently } from './patiently.ts';

const threshold = { threshold: 1, within: 0, posture: 'Reactive' };
const triggers: Readonly<Record<string, object>> = {
  'custom event': { ...threshold, expect: ['front.custom'] },
  'task run': { ...threshold, expect: ['prefect.task-run.Completed'], for_each: ['prefect.resource.id'], threshold: 1 },
  'flow run': { ...threshold, expect: ['prefect.flow-run.Completed'] },
  proactive: { posture: 'Proactive', threshold: 1, within: 10, after: ['front.custom'], expect: ['front.answer'] },
};

export class Automations {
  readonly ids: readonly string[];

  private constructor(ids: readonly string[]) {
    this.ids = ids;
  }

  static async make(target: Target): Promise<Automations> {
    const ids: string[] = [];
    for (const [name, trigger] of Object.entries(triggers)) ids.push(await makeAutomation(target, name, trigger));
    return new Automations(ids);
  }

  /** Waits until each has fired, by the events of the server. */
  async haveFired(target: Target): Promise<void> {
    await patiently('each automation has fired', async () => {
      const fired = await this.fired(target);
      return this.ids.every((id) => (fired.get(id) ?? 0) > 0) ? true : undefined;
    });
  }

  /** How often each has fired. */
  async fired(target: Target): Promise<Map<string, number>> {
    const filter = { event: { name: ['prefect.automation.triggered'] } };
    const answer = await post(target, '/api/events/count-by/resource', { filter });
    const groups = JSON.parse(answer.text) as { value: string; count: number }[]; // The API's answer.
    return new Map(groups.map(({ value, count }) => [value.replace('prefect.automation.', ''), count]));
  }
}
