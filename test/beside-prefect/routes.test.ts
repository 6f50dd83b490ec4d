/**
 * The files of deploy/prefect send each path to the server that it belongs to: run by the real proxies, before two
 * servers that say who they are and what they were sent. What real ones make of it is in the acceptance runs.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenHere } from '../../support/free-port.ts';
import { freePort } from '../../support/peers/server-process.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { type Certificate, makeCertificate } from '../proxy/certificate.ts';
import { whyNoProxy } from '../proxy/run-proxy.ts';
import { fronts, pathOf, proxyOf, startFront } from './start-front.ts';

type Name = 'prefect' | 'sluice';

interface Heard {
  readonly by: Name;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const reads = [
  '/api/events/filter',
  '/api/events/filter/next?page-token=a%2Fb',
  '/api/events/count-by/day',
  '/api/events/count-by/label%2Fa',
  '/api/events/out',
  '/api/events/export',
];
const writes = ['/api/events', '/api/events/in'];
const others = ['/api/flow_runs/filter', '/api/eventsources', '/api/admin/version', '/', '/runs/events/filter'];

function serverOf(by: Name): Server {
  return createServer(({ url, headers }, response) => response.end(JSON.stringify({ by, path: url, headers })));
}

describe.each(fronts)('%s', (kind) => {
  const noProxy = whyNoProxy(proxyOf(kind));
  if (noProxy !== null) {
    it.skip(noProxy, () => undefined);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-routes-'));
  const servers = { prefect: serverOf('prefect'), sluice: serverOf('sluice') };
  let certificate: Certificate;
  let front = 0;
  let stop = async (): Promise<void> => undefined;

  beforeAll(async () => {
    certificate = makeCertificate(folder);
    front = await freePort();
    const ports = { front, prefect: await listenHere(servers.prefect), sluice: await listenHere(servers.sluice) };
    stop = await startFront(kind, { ports, certificate });
  });
  afterAll(async () => {
    await stop();
    for (const server of Object.values(servers)) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  function ask(path: string): Promise<Heard> {
    const headers = {
      authorization: 'Basic YTpi',
      forwarded: 'host=evil.example',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-prefix': '/evil',
    };
    const options = { host: '127.0.0.1', servername: 'localhost', port: front, ca: certificate.pem };
    return new Promise((resolve, reject) => {
      const asked = request({ ...options, path: pathOf(kind) + path, headers }, (answer: IncomingMessage) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        answer.on('end', () => resolve(JSON.parse(text) as Heard)); // as the server above writes it
      });
      asked.setHeader('host', `localhost:${front}`);
      asked.on('error', reject);
      asked.end();
    });
  }

  it('sends what is read of events to Sluice, and what is no event to Prefect, with the path as it was sent', async () => {
    for (const path of reads) expect(await ask(path)).toMatchObject({ by: 'sluice', path });
    for (const path of others) {
      const heard = await ask(path);
      expect([path, heard.by]).toEqual([path, 'prefect']);
      expect(heard.path.endsWith(path)).toBe(true);
    }
  });

  it('sends what clients write to the server of its level', async () => {
    const by = kind.endsWith('-level-2') ? 'sluice' : 'prefect';
    for (const path of writes) expect([path, (await ask(path)).by]).toEqual([path, by]);
  });

  it('lets credentials pass, and what clients say of the way they came by does not', async () => {
    for (const path of ['/api/events/filter', '/api/flow_runs/filter']) {
      const { headers } = await ask(path);
      expect(headers['authorization']).toBe('Basic YTpi');
      expect(headers['x-forwarded-proto']).toBe('https');
      expect(JSON.stringify(headers)).not.toMatch(/evil|6\.6\.6\.6/);
    }
  });
});

it("Traefik's files, which no test runs, have the routes of the Caddyfiles", () => {
  const read = (name: string): string => readFileSync(join(repositoryRoot(), 'deploy', 'prefect', name), 'utf8');
  for (const level of ['', '-level-2']) {
    const ours = /path_regexp (\S+)/.exec(read(`Caddyfile${level}`))?.[1];
    const theirs = /PathRegexp\(`([^`]+)`\)/.exec(read(`traefik${level}.yml`))?.[1];
    expect(theirs).toBe(ours);
    expect(theirs).toMatch(/^\^/);
  }
});
