/**
 * A producer that POSTs batches of the texts of one form over a kept-alive connection, each when the last was answered.
 */
import { eventForms } from './event-forms.ts';
import { type FreshText, freshText, writeFresh } from './fresh-text.ts';
import { dial, exchange, headOf } from './http-socket.ts';
import { runLoad } from './load-maker.ts';

export interface PostFormOptions {
  readonly url: string;
  readonly authString?: string;
  readonly idPrefix: string;
  /** By its name. */
  readonly form: string;
  readonly events: number;
  readonly batch: number;
}

export interface PostFormReport {
  readonly acknowledged: number;
  readonly bodyBytes: number;
}

runLoad(async (options: PostFormOptions, ready): Promise<PostFormReport> => {
  const form = eventForms().find(({ name }) => name === options.form);
  if (form === undefined) throw new Error(`There is no form ${options.form}`);
  const texts = form.texts().map(freshText);
  const socket = await dial(options.url);
  ready();
  const report = { acknowledged: 0, bodyBytes: 0 };
  while (report.acknowledged < options.events) {
    const count = Math.min(options.batch, options.events - report.acknowledged);
    const request = batchOf(texts, options, report.acknowledged, count);
    const status = await exchange(socket, request);
    if (status !== 204) throw new Error(`A batch of ${options.form} was answered with ${status}`);
    report.acknowledged += count;
    report.bodyBytes += request.length;
  }
  socket.destroy();
  return report;
});

/** One whole request, of the texts in turn. */
function batchOf(texts: readonly FreshText[], options: PostFormOptions, first: number, count: number): Buffer {
  const items = Array.from({ length: count }, (_, at) => texts[(first + at) % texts.length]).filter(
    (text) => text !== undefined,
  );
  const bodyBytes = items.reduce((sum, { bytes }) => sum + bytes.length + 1, 1);
  const head = headOf(options, bodyBytes);
  const request = Buffer.allocUnsafe(head.length + bodyBytes);
  let end = request.write(head, 'latin1');
  for (const [at, text] of items.entries()) {
    request[end] = at === 0 ? 0x5b : 0x2c;
    writeFresh(request, end + 1, text, options.idPrefix, first + at);
    end += 1 + text.bytes.length;
  }
  request[end] = 0x5d;
  return request;
}
