/** The server view, and how the console is told who asks, in Chromium against a Sluice with an auth string. */
import { spawnSync } from 'node:child_process';
import { beforeAll, expect, it } from 'vitest';
import { connect } from '../../client/src/node.ts';
import { repositoryRoot } from '../../support/peers/sluice.ts';
import { until } from '../../support/poll.ts';
import { describeConsole } from './in-console.ts';

const token = 'geheim:ü';

describeConsole('the server view', { env: { SLUICE_FLUSH_MS: '50', SLUICE_AUTH_STRING: token } }, (world) => {
  beforeAll(async () => {
    const publisher = connect({ url: world.server.url, token }).publisher();
    for (let nr = 0; nr < 7; nr += 1) {
      await publisher.emit({ event: 'a', resource: { 'prefect.resource.id': 'r' } });
    }
    await publisher.close();
  });

  it('asks for a credential by a form, says so if it is wrong, and never puts it into the address', async () => {
    const { page } = await world.open();
    const field = page.getByLabel('Auth string or token');
    await field.fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('does not accept this token').waitFor();
    await field.fill(token);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Live from here').waitFor();
    expect(page.url()).not.toContain('geheim');
    await page.goto(`${world.server.url}/console/live`);
    await page.getByText('Live from here').waitFor();
    expect(await page.evaluate('Object.keys(localStorage).some((key) => localStorage[key].includes("geheim"))')).toBe(
      false,
    );
    await page.getByRole('button', { name: 'Forget token' }).click();
    await field.waitFor();
    await page.close();
  });

  it('takes a token out of the fragment at once', async () => {
    const { page, complaints } = await world.open(`/console/live#token=${encodeURIComponent(token)}`);
    await page.getByText('Live from here').waitFor();
    expect(new URL(page.url()).hash).toBe('');
    expect(await page.evaluate('history.length')).toBeLessThanOrEqual(2);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows books that balance, journal, disk and engine, each with a sentence', async () => {
    const { page, complaints } = await world.open(`/console/server#token=${encodeURIComponent(token)}`);
    await page.getByText(/^Balanced/).waitFor();
    await page.getByText('7 events taken in = 7 stored + 0 in the dead letter + 0 pending.').waitFor();
    const facts = await page.locator('.fact').allInnerTexts();
    expect(facts.map((text) => text.split('\n')[0])).toEqual([
      ...['Books', 'Intake', 'Head', 'Mark', 'Checkpoint', 'Queryable lag', 'Parked', 'Subscribers'],
      ...['Engine', 'Journal', 'Disk', 'Process'],
    ]);
    expect(facts.find((text) => text.startsWith('Engine'))).toContain('ready');
    await page.getByText('Empty: ClickHouse took every event.').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('lists connections with their filters, and closes one', async () => {
    const { page } = await world.open(`/console/server#token=${encodeURIComponent(token)}`);
    const ended = new Promise<unknown>((resolve) => {
      void (async () => {
        try {
          const filter = { event: { prefix: ['order.'] } };
          for await (const _ of connect({ url: world.server.url, token }).subscribe({ filter }));
        } catch (error) {
          resolve(error);
        }
      })();
    });
    await page.getByText('{"event":{"prefix":["order."]}}').waitFor();
    await page.getByRole('button', { name: /^Close connection/ }).click();
    expect(await ended).toMatchObject({ failure: 'closedByOperator', retryable: false });
    await page.getByText('0 connections').waitFor();
    await page.close();
  });

  it('says which right is missing', async () => {
    const words = ['token', 'create', '--name', 'reader', '--read', '--data-dir', world.server.dataDir];
    const made = spawnSync(process.execPath, ['dist/src/main.js', ...words], {
      cwd: repositoryRoot(),
      encoding: 'utf8',
    });
    const reader = made.stdout.trim();
    await until('the token is known', async () => {
      const headers = { authorization: `Bearer ${reader}` };
      return (await fetch(`${world.server.url}/api/version`, { headers })).ok || undefined;
    });
    const { page } = await world.open(`/console/server#token=${reader}`);
    await page.getByText('This needs the right to admin').waitFor();
    await page.getByRole('link', { name: 'Live' }).click();
    await page.getByText('Live from here').waitFor();
    await page.close();
  });
});
