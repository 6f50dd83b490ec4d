/**
 * The filter of a URL, which is JSON.
 */
import type { Checked } from '../../schemas/validation-issue.ts';

export function parseFilter(text: string): Checked<unknown> {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    const words = error instanceof Error ? error.message : 'not JSON';
    const issue = { type: 'json_invalid', loc: ['query', 'filter'], msg: 'JSON decode error', input: text };
    return { ok: false, issues: [{ ...issue, ctx: { error: words } }] };
  }
}
