/**
 * The engine is killed, stands still, or listens no longer: it is started again, and what came meanwhile is stored.
 * Another user of the machine cannot make it so.
 */
import { post } from '../../../support/http.ts';
import { asStranger } from '../../../support/stranger.ts';
import { addressOf } from '../engine-address.ts';
import type { Field, HostileKind } from '../kind.ts';

/** Deaf or hung for so long it is killed; then it has as long as it needs to start on a busy machine. */
const backMs = 180_000;

export const deafEngine: HostileKind = {
  name: 'deaf-engine',
  about: 'the engine is killed, stopped by SIGSTOP, or made deaf; user nobody asks it to stop listening',
  env: { SLUICE_ENGINE_HUNG_MS: '10000' },
  expects: ['it answered again', 'nobody was refused'],
  neighbourMayMeet: ['storeUnavailable', 'queryTimedOut'],
  async attack(field) {
    while (!field.isOver()) {
      await asNobody(field);
      const [old] = field.server.engines();
      await harm(field);
      await untilBack(field, old);
      await field.pause(field.by.below(3_000));
    }
  },
};

async function asNobody(field: Field): Promise<void> {
  const { port } = addressOf(field.server.dataDir);
  const headers = field.by.pick([{}, { 'X-ClickHouse-User': 'default' }, { 'X-ClickHouse-User': 'sluice' }]);
  const statement = field.by.pick(['SYSTEM STOP LISTEN HTTP', 'SYSTEM STOP LISTEN QUERIES ALL', 'SYSTEM SHUTDOWN']);
  const url = `http://127.0.0.1:${port}/`;
  const { answers } = await asStranger(
    [{ url, method: 'POST', headers: headers as Record<string, string>, body: statement }],
    [],
  ); // one of three literals
  if (answers[0]?.status === 404 && !/exception/i.test(answers[0].text)) field.tally.add('nobody was refused');
  else field.fault(`User nobody was answered ${answers[0]?.status} to ${statement}: ${answers[0]?.text.slice(0, 100)}`);
}

async function harm({ server, by, tally }: Field): Promise<void> {
  const how = by.pick(['killed', 'stopped', 'deaf'] as const);
  const { port, path } = addressOf(server.dataDir);
  tally.add(`engine ${how}`);
  if (how === 'deaf') {
    // The library's own user may, who knows the path.
    const body = 'SYSTEM STOP LISTEN HTTP';
    await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body }).catch(() => undefined);
    return;
  }
  for (const pid of server.engines()) process.kill(pid, how === 'killed' ? 'SIGKILL' : 'SIGSTOP');
}

/** Another process answers: the old one may answer once more before it is away. */
async function untilBack(field: Field, old: number | undefined): Promise<void> {
  const begun = field.nowMs();
  for (;;) {
    const [now] = field.server.engines();
    const answer = await post(field.target, '/api/events/filter', { limit: 0 }).catch(() => null);
    if (answer?.status === 200 && now !== undefined && now !== old) break;
    if (answer !== null && answer.status !== 200) field.tally.answered(answer.status, answer.text);
    if (field.nowMs() - begun > backMs) {
      field.fault(`The engine was not back after ${backMs} ms: ${answer?.text.slice(0, 200) ?? 'no answer'}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  field.tally.add('it answered again');
}
