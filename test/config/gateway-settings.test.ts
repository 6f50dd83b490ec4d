/** The settings of a gateway hold together, or the start is refused with one sentence that shows no password. */
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { gatewayOf } from '../../src/config/gateway-settings.ts';

const whole = {
  SLUICE_LOG: 'nats://user:se%3Acret@nats-1:4223,nats://user:se%3Acret@nats-2',
  SLUICE_GATEWAY_ID: 'one',
  CLICKHOUSE_URL: 'http://clickhouse:8123/events',
  SLUICE_SIGNING_KEY: 'sixteen characters and more',
};

const read = (change: Record<string, string> = {}, without: readonly string[] = []) =>
  gatewayOf(
    readConfig(
      Object.fromEntries(Object.entries({ ...whole, ...change }).filter(([key]) => !without.includes(key))),
      [],
    ),
  );

describe('the settings of a gateway', () => {
  it('say where NATS is, who asks, and how', () => {
    expect(read()).toEqual({
      id: 'one',
      name: 'SLUICE',
      replicas: null,
      bytesMax: 2 ** 30,
      monitorUrls: [],
      log: {
        servers: ['nats-1:4223', 'nats-2:4222'],
        login: { user: 'user', pass: 'se:cret' },
        credsFile: null,
        tls: null,
      },
    });
    const tls = read({ SLUICE_LOG: 'tls://nats-1', SLUICE_LOG_CA_FILE: '/ca.pem', SLUICE_LOG_CREDS_FILE: '/creds' });
    expect(tls?.log).toMatchObject({ login: null, credsFile: '/creds', tls: { caFile: '/ca.pem' } });
    const monitored = read({ SLUICE_LOG_MONITOR_URLS: 'http://a:8222/, http://b:8222', SLUICE_LOG_REPLICAS: '3' });
    expect(monitored).toMatchObject({ monitorUrls: ['http://a:8222', 'http://b:8222'], replicas: 3 });
  });

  it('are none of a single Sluice', () => {
    expect(gatewayOf(readConfig({}, []))).toBeNull();
  });

  it.each<[Record<string, string>, readonly string[], string]>([
    [{}, ['SLUICE_GATEWAY_ID'], 'SLUICE_GATEWAY_ID must name this gateway'],
    [{ SLUICE_GATEWAY_ID: 'a.b' }, [], 'SLUICE_GATEWAY_ID must name this gateway'],
    [{}, ['CLICKHOUSE_URL'], 'CLICKHOUSE_URL must name the ClickHouse'],
    [{}, ['SLUICE_SIGNING_KEY'], 'SLUICE_SIGNING_KEY must hold the key'],
    [{ SLUICE_LOG: 'http://user:secret@nats' }, [], 'SLUICE_LOG must be nats://'],
    [{ SLUICE_LOG: 'nats://user:secret@a,nats://b' }, [], 'names different users'],
    [{ SLUICE_LOG_CREDS_FILE: '/creds' }, [], 'leave one out'],
    [{ SLUICE_LOG_CERT_FILE: '/cert.pem' }, [], 'belong together'],
    [{ SLUICE_LOG_NAME: 'a b' }, [], 'SLUICE_LOG_NAME must be'],
    [{ SLUICE_LOG_MONITOR_URLS: 'nats-1:8222' }, [], 'SLUICE_LOG_MONITOR_URLS must hold'],
    [{}, ['SLUICE_LOG'], 'SLUICE_GATEWAY_ID is set, but SLUICE_LOG is not'],
  ])('with %j, without %j, are refused', (change, without, sentence) => {
    expect(() => read(change, without)).toThrow(sentence);
    try {
      read(change, without);
    } catch (error) {
      expect(String(error)).not.toContain('secret');
    }
  });
});
