/** `sluice top`: looks at a server again and again, and draws what has changed between two looks. */
import { SluiceError } from '../../client/src/errors.ts';
import { Http } from '../../client/src/http.ts';
import { wait } from '../../client/src/retry.ts';
import { fetchWithHint } from '../../client/src/untrusted.ts';
import type { ConnectionList } from '../../schemas/connection-list.ts';
import { type Call, hasOption } from '../command-row.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { durationOption } from '../options.ts';
import { alternateScreen, backToScreen, screenOf, screenRows } from '../out/screen.ts';
import { readTarget } from '../target.ts';
import { drawTop, type Look } from './top-picture.ts';

const everyMsDefault = 2_000;

export async function runTop(call: Call): Promise<number> {
  const { terminal } = call;
  const everyMs = durationOption(call, 'every', '--every') ?? everyMsDefault;
  const http = new Http({ ...readTarget(call), retry: { attemptsMax: 1 }, fetch: fetchWithHint });
  const quit = new AbortController();
  const signal = AbortSignal.any([call.signal, quit.signal]);
  const before = await look(http, signal);
  if (!terminal.isInteractive || hasOption(call, 'once')) {
    await wait(everyMs, signal);
    await terminal.print(
      `${drawTop(before, await look(http, signal), terminal, Number.POSITIVE_INFINITY).join('\n')}\n`,
    );
    return exitCodes.ok;
  }
  const keys = quitByKey(quit);
  await terminal.print(alternateScreen);
  try {
    await watch(call, http, before, everyMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    keys.stop();
    await terminal.print(backToScreen);
  }
  return exitCodes.ok;
}

async function watch({ terminal }: Call, http: Http, first: Look, everyMs: number, signal: AbortSignal): Promise<void> {
  let before = first;
  for (;;) {
    await wait(everyMs, signal);
    const now = await look(http, signal).catch((error: unknown) => {
      // It may come back: the last picture stays, with a word.
      if (error instanceof SluiceError && error.retryable) return error;
      throw error;
    });
    const rows = screenRows(terminal);
    const lines =
      now instanceof SluiceError
        ? [terminal.colors.red(now.message)]
        : drawTop(before, now, terminal, rows).slice(0, rows);
    await terminal.print(screenOf(lines));
    if (!(now instanceof SluiceError)) before = now;
  }
}

async function look(http: Http, signal: AbortSignal): Promise<Look> {
  try {
    const [state, { connections }] = await Promise.all([
      http.json<Look['state']>({ method: 'GET', path: '/ready?verbose=1', signal }),
      http.json<ConnectionList>({ method: 'GET', path: '/admin/connections', signal }),
    ]);
    if (state.books === undefined) throw noSluice();
    return { atMs: performance.now(), state, connections };
  } catch (error) {
    if (error instanceof SluiceError && error.status === 404) throw noSluice();
    throw error;
  }
}

function noSluice(): CommandError {
  return new CommandError('This server says nothing of its inside: `top` needs a Sluice of this version.');
}

/** `q`; Ctrl-C comes as a key too, while keys come one by one. */
function quitByKey(quit: AbortController): { stop(): void } {
  const { stdin } = process;
  if (stdin.isTTY !== true) return { stop: () => undefined };
  const pressed = (bytes: Buffer): void => {
    if (bytes.includes(3) || /q/i.test(bytes.toString())) quit.abort();
  };
  stdin.setRawMode(true).on('data', pressed);
  return {
    stop() {
      stdin.off('data', pressed).setRawMode(false).pause();
    },
  };
}
