import { expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';

it.each(['3.8.8', '3.10.0', '3.0.11'])('%s is a release of Prefect that clients may be told', (sent) => {
  expect(readConfig({ SLUICE_PREFECT_VERSION: sent }, [])).toMatchObject({ prefectVersion: sent });
});

it.each(['latest', '3.8', '4.0.0', '3.8.8rc1', '"3.8.8"'])('%s is none: a client would fail on it', (sent) => {
  expect(() => readConfig({ SLUICE_PREFECT_VERSION: sent }, [])).toThrow('SLUICE_PREFECT_VERSION must be a release');
});
