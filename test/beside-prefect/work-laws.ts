/** What work on a real Prefect comes to, whatever stands before it. */
import { expect, it } from 'vitest';
import { post } from '../../support/http.ts';
import type { Target } from '../../support/target.ts';
import { runWork } from './emit.ts';
import { patiently } from './patiently.ts';
import type { Beside } from './start-beside.ts';
import { untilServed } from './until-served.ts';

/** Resolves when Prefect has made both task runs of a flow run of work.py. */
export async function untilTaskRuns(front: Target, flowRunId: unknown): Promise<void> {
  const body = { task_runs: { flow_run_id: { any_: [flowRunId] } } };
  await patiently('both task runs are in Prefect', async () => {
    const answer = await post(front, '/api/task_runs/filter', body);
    const states = [...answer.text.matchAll(/"state_type":"(\w+)"/g)].map(([, state]) => state);
    return states.filter((state) => state === 'COMPLETED').length === 2 ? true : undefined;
  });
}

export function deploymentLaw(besideOf: () => Beside, canCancel: boolean, testMs: number): void {
  it(
    `lets clients wait for a run of a deployment${canCancel ? ', and cancel one' : ''}`,
    async () => {
      const beside = besideOf();
      const served = beside.spawnClient('work.py', ['serve']);
      try {
        await untilServed(beside.front);
        expect(await runWork(beside, 'wait')).toMatchObject({ state: 'COMPLETED' });
        if (canCancel) expect(await runWork(beside, 'cancel')).toMatchObject({ state: 'CANCELLED' });
      } finally {
        served.kill('SIGKILL');
      }
    },
    testMs,
  );
}
