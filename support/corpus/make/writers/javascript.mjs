// JSON.stringify with a Date: `node javascript.mjs compact|indented IN OUT`.
import { readFileSync, writeFileSync } from 'node:fs';

const [form, from, to] = process.argv.slice(2);
const texts = JSON.parse(readFileSync(from, 'utf8')).map(({ event }) => {
  const sent = {
    id: event.id,
    occurred: new Date(event.occurred),
    event: event.event,
    resource: event.resource,
    related: event.related,
    payload: event.payload,
    follows: event.follows ?? undefined,
  };
  return JSON.stringify(sent, null, form === 'indented' ? 2 : undefined);
});
writeFileSync(to, texts.join('\0'));
