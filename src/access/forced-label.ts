/**
 * The label that a token forces on what is sent with it, as `token create --label KEY=VALUE` says it.
 */
import { resourceIdLabel } from '../../schemas/event.ts';
import type { ForcedLabel } from '../../schemas/forced-label.ts';

const charactersMax = 256;

/** The label, or why it is none. */
export function readForcedLabel(sent: string): ForcedLabel | string {
  const at = sent.indexOf('=');
  const [key, value] = [sent.slice(0, at), sent.slice(at + 1)];
  if (at < 1 || value === '') return `wants KEY=VALUE, as tenant=a, not "${sent}"`;
  if (key.length > charactersMax || value.length > charactersMax) {
    return `takes ${charactersMax} characters of a key, and as many of a value`;
  }
  if (key === resourceIdLabel) return `cannot set ${resourceIdLabel}, which names the resource`;
  return { key, value };
}
