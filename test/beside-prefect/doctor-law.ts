/** What doctor finds of a set-up that is well, and of each that is not. */
import { expect, it } from 'vitest';
import type { Target } from '../../support/target.ts';
import { runSluice } from './run-sluice.ts';
import type { Beside } from './start-beside.ts';

const atBoth = ['Prefect', 'hook', 'persister'];
const between = { 1: atBoth, 2: [...atBoth, 'forwarder', 'forwarding', 'automations'] };
const routes = ['writes', 'socket', 'reads', 'live'];
/** Of the routes, where clients are sent to Prefect alone. */
const wrongAtPrefect = { 1: ['reads', 'live'], 2: ['socket', 'reads', 'live'] };

/** To be called when it no longer matters that Sluice has an event that Prefect has not. */
export function doctorLaw(besideOf: () => Beside, level: 1 | 2, testMs: number): void {
  it(
    'is found by doctor to be set up well, and where clients are sent to one of both alone, not to be',
    async () => {
      const beside = besideOf();
      const well = await found(beside, beside.front);
      expect([...well.keys()]).toEqual(expect.arrayContaining([...between[level], ...routes]));
      expect(wrongOf(well, [...between[level], ...routes])).toEqual(beside.isOutAtPrefect ? ['live'] : []);
      expect(wrongOf(await found(beside, beside.prefectItself), routes)).toEqual(wrongAtPrefect[level]);
      const nobody = { ...beside.front, baseUrl: () => 'https://127.0.0.1:1' };
      expect(wrongOf(await found(beside, nobody), ['Prefect', 'hook', 'front'])).toEqual(['front']);
      if (level === 1) expect(wrongOf(await found(beside, beside.sluiceItself), routes)).toEqual(['writes', 'socket']);
    },
    testMs,
  );
}

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
}

async function found(beside: Beside, front: Target): Promise<Map<string, Finding>> {
  const { stdout } = await runSluice(beside, ['doctor', '-o', 'json', '--front', front.baseUrl()]);
  const findings = JSON.parse(stdout) as readonly Finding[]; // as doctor writes it
  return new Map(findings.map((finding) => [finding.name, finding]));
}

function wrongOf(findings: ReadonlyMap<string, Finding>, names: readonly string[]): string[] {
  return names.filter((name) => findings.get(name)?.ok !== true);
}
