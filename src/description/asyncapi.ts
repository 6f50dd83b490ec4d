/**
 * AsyncAPI 3 of the WebSockets, as the server sees them: it receives what clients send.
 */
import { type FailureName, failures } from '../base/errors.ts';
import type { AnyMessage, Channel } from './channel.ts';
import { failureWords } from './failures.ts';
import { aboutApi, license, title, version } from './info.ts';
import { type NamedSchemas, namedSchemas } from './named-schemas.ts';

/** What a socket's entry says of itself, as far as it goes into its description. */
export interface DescribedSocket {
  readonly path: string;
  readonly channel: Channel;
}

/** Whatever a socket asks. */
const failsEverywhere: readonly FailureName[] = [
  'unauthorized',
  'forbidden',
  'keysUnavailable',
  'bodyTooLarge',
  'tooManyAuthenticating',
  'tooManySockets',
  'timedOut',
  'shuttingDown',
  'internal',
];

export function failsOfChannel({ fails }: Channel): readonly FailureName[] {
  return [...new Set([...failsEverywhere, ...fails])];
}

/** The document without its servers. */
export function asyncApi(sockets: readonly DescribedSocket[]): object {
  const schemas = namedSchemas();
  const channels = sockets.map((socket) => [socket.channel.id, channelOf(socket, schemas)]);
  const operations = sockets.flatMap(({ channel }) => [
    [`${channel.id}Sends`, operationOf('receive', channel, channel.sent)],
    [`${channel.id}Gets`, operationOf('send', channel, channel.answered)],
  ]);
  return {
    asyncapi: '3.0.0',
    info: { title, version, description: aboutApi, license: { name: license.name } },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(channels),
    operations: Object.fromEntries(operations),
    components: { schemas: schemas.found },
  };
}

/** Its servers, by the address of the API over HTTP as clients know it, without a slash at its end. */
export function asyncApiServers(url: string): object {
  const { protocol, host, pathname } = new URL(url, 'http://localhost');
  return { sluice: { host, pathname, protocol: protocol === 'https:' ? 'wss' : 'ws' } };
}

function channelOf({ path, channel }: DescribedSocket, schemas: NamedSchemas): object {
  const { title: name, about, sent, answered } = channel;
  const messages = { ...messagesOf('sent', sent, schemas), ...messagesOf('answered', answered, schemas) };
  const names = failsOfChannel(channel);
  const ends = [...new Set(names.map((each) => failures[each].code))].sort();
  return {
    address: path,
    title: name,
    description: `${about}\n\nThe client offers the subprotocol \`prefect\` and sends \`auth\` first.`,
    messages,
    bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
    'x-closes': Object.fromEntries(
      ends.map((code) => [
        code,
        names
          .filter((each) => failures[each].code === code)
          .map((each) => ({ failure: each, when: failureWords[each] })),
      ]),
    ),
  };
}

function messagesOf(who: string, messages: Channel['sent'], schemas: NamedSchemas): Record<string, object> {
  const shown = Object.entries(messages).map(([name, message]) => [
    keyOf(who, name),
    messageOf(name, message, schemas),
  ]);
  return Object.fromEntries(shown);
}

/** A client sends `event`, and the server does: they differ. */
function keyOf(who: string, name: string): string {
  return `${who}.${name}`;
}

function messageOf(name: string, { about, schema, example }: AnyMessage, schemas: NamedSchemas): object {
  return { name, summary: about, payload: schemas.refer(schema), examples: [{ name, payload: example }] };
}

function operationOf(action: 'send' | 'receive', channel: Channel, messages: Channel['sent']): object {
  const who = action === 'receive' ? 'sent' : 'answered';
  const at = `#/channels/${channel.id}`;
  return {
    action,
    channel: { $ref: at },
    title: action === 'receive' ? 'What a client sends' : 'What the server sends',
    messages: Object.keys(messages).map((name) => ({ $ref: `${at}/messages/${keyOf(who, name)}` })),
  };
}
