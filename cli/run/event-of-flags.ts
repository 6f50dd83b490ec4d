/** The one event that `sluice emit NAME` sends, made of its flags. */
import { readFile } from 'node:fs/promises';
import { FilterLineError } from '../../client/src/filter-line-error.ts';
import { timeOf } from '../../client/src/filter-line-time.ts';
import { makeId } from '../../client/src/make-id.ts';
import type { SentEvent } from '../../schemas/wire.ts';
import { type Call, listOption, textOption } from '../command-row.ts';
import { CommandError, UsageError } from '../exit-codes.ts';

/** Throws UsageError. */
export async function eventOfFlags(call: Call, event: string): Promise<SentEvent & { readonly id: string }> {
  const resource = textOption(call, 'resource');
  if (resource === undefined) throw new UsageError('An event needs a resource: name it by --resource ID.');
  const nowMs = Date.now();
  const payload = textOption(call, 'payload');
  const follows = textOption(call, 'follows');
  const related = listOption(call, 'related').map(relatedOf);
  return {
    occurred: occurredOf(textOption(call, 'occurred'), nowMs),
    event,
    resource: { 'prefect.resource.id': resource, ...Object.fromEntries(listOption(call, 'label').map(labelOf)) },
    ...(related.length > 0 && { related }),
    ...(payload !== undefined && { payload: await payloadOf(payload) }),
    id: textOption(call, 'id') ?? makeId(nowMs),
    ...(follows !== undefined && { follows }),
  };
}

function occurredOf(text: string | undefined, nowMs: number): string {
  if (text === undefined) return new Date(nowMs).toISOString();
  try {
    return timeOf('--occurred ', text, nowMs);
  } catch (error) {
    throw error instanceof FilterLineError ? new UsageError(error.message, { cause: error }) : error;
  }
}

function labelOf(text: string): [string, string] {
  const cut = text.indexOf('=');
  if (cut < 1) throw new UsageError(`"${text}" is no label: give one as region=eu.`);
  return [text.slice(0, cut), text.slice(cut + 1)];
}

/** `ID&role=r&key=value`. */
function relatedOf(text: string): Record<string, string> {
  const [id = '', ...labels] = text.split('&');
  const named = labels.map(labelOf).map(([key, value]) => [key === 'role' ? 'prefect.resource.role' : key, value]);
  return { 'prefect.resource.id': id, ...Object.fromEntries(named) };
}

/** JSON, or the file that stands behind `@`. */
async function payloadOf(given: string): Promise<Readonly<Record<string, unknown>>> {
  const text = given.startsWith('@') ? await readText(given.slice(1)) : given;
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isObject) return value as Record<string, unknown>; // just seen
  } catch {
    // Said below.
  }
  throw new UsageError(`The payload must be an object of JSON, as '{"by":"ann"}', or @FILE for a file that holds one.`);
}

function readText(path: string): Promise<string> {
  return readFile(path === '-' ? '/dev/stdin' : path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`The payload's file ${path} cannot be read (${cause.code}).`, undefined, { cause });
  });
}
