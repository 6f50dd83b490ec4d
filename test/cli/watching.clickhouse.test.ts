/** The command line as a process: `count --watch` on a pipe and on a pseudo-terminal. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasTerminal, startCommand } from '../../support/command-line.ts';
import { eventLike, publish } from '../../support/events.ts';
import { until } from '../../support/poll.ts';
import { removeData, startSluice, type TestSluice } from '../../support/sluice.ts';

let sluice: TestSluice;
const send = (event: string): Promise<void> =>
  publish({ baseUrl: () => sluice.url, strict: true }, [eventLike({ event })]);
const watch = (words: readonly string[], columns?: number) =>
  startCommand(['count', ...words, '--watch'], { env: { SLUICE_URL: sluice.url }, ...(columns && { columns }) });

beforeAll(async () => {
  sluice = await startSluice();
  await send('door.opened');
});
afterAll(async () => {
  await sluice?.stop();
  removeData(sluice);
});

describe('count --watch', () => {
  it('goes on, a line of JSON for each state, until it is interrupted', async () => {
    const watching = watch(['event', 'event:watched.*', '--last', '1h']);
    const lines = (): { counts: { value: string; count: number }[] }[] =>
      watching
        .stdout()
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    await until('the first state', () => (lines().length > 0 ? true : undefined));
    expect(lines()[0]?.counts).toEqual([]);
    await send('watched.door');
    await until('the next one', () => (lines().at(-1)?.counts[0]?.count === 1 ? true : undefined));
    watching.child.kill('SIGINT');
    expect(await watching.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it.skipIf(!hasTerminal)('draws the counts anew on a terminal', async () => {
    const watching = watch(['time', 'event:door.*', '--last', '5h', '--by', '1h'], 90);
    await until('the picture', () => (/\d+ events/.test(watching.stdout()) ? true : undefined));
    watching.child.kill('SIGINT');
    const { stdout } = await watching.ended;
    expect(stdout).toContain('\u001b[?1049h');
    expect(stdout).toMatch(/from.* .*events/);
    expect(stdout).toMatch(/\d\d:00Z +1 .*█/);
  });
});
