/** Automations of a Prefect server, and how often each has fired. */
import { post } from '../../support/http.ts';
import type { Target } from '../../support/target.ts';

/** Gives its id. */
export async function makeAutomation(target: Target, name: string, trigger: object): Promise<string> {
  const body = { name, enabled: true, trigger: { type: 'event', ...trigger }, actions: [{ type: 'do-nothing' }] };
  const answer = await post(target, '/api/automations/', body);
  if (answer.status !== 201) throw new Error(`Making "${name}" answered ${answer.status} ${answer.text}`);
  return (JSON.parse(answer.text) as { id: string }).id; // Prefect's answer.
}

/** One that fires on each event of that name. Gives its id. */
export function makeForEachEvent(target: Target, event: string): Promise<string> {
  return makeAutomation(target, event, { threshold: 1, within: 0, posture: 'Reactive', expect: [event] });
}

/** How often an automation has fired for each event, by the event's id, as a Sluice has it by the hook. */
export async function firingsOf(sluice: Target, automationId: string): Promise<Map<string, number>> {
  const resource = { id: [`prefect.automation.${automationId}`] };
  const filter = { event: { name: ['prefect.automation.triggered'] }, resource };
  const { status, text } = await post(sluice, '/api/events/export', { filter });
  if (status !== 200) throw new Error(`The export answered ${status} ${text.slice(0, 300)}`);
  const firings = new Map<string, number>();
  for (const [, id = ''] of text.matchAll(/"prefect\.resource\.id":"prefect\.event\.([0-9a-f-]{36})"/g))
    firings.set(id, (firings.get(id) ?? 0) + 1);
  return firings;
}
