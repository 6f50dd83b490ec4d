import { expect, it } from 'vitest';
import { starvingAutomations } from '../../cli/run/starving-automations.ts';

const automation = (name: string, trigger: object) => ({ name, enabled: true, trigger });

it('names the automations that wait for events which the filter holds back', () => {
  const filter = '{"event":{"prefix":["order."],"exclude_name":["order.seen"]}}';
  const automations = [
    automation('paid', { expect: ['order.paid'] }),
    automation('any order', { expect: ['order.*'] }),
    automation('seen', { expect: ['order.seen'] }),
    automation('late flow', { after: ['prefect.flow-run.Late'], expect: ['prefect.flow-run.*'] }),
    automation('door', { after: ['order.paid'], expect: ['door.closed'] }),
    automation('both', { triggers: [{ expect: ['order.paid'] }, { expect: ['telemetry*'] }] }),
    automation('all', { expect: ['*'] }),
    { ...automation('off', { expect: ['door.closed'] }), enabled: false },
  ];
  expect(starvingAutomations(automations, filter)).toEqual([
    '"seen" waits for order.seen',
    '"door" waits for door.closed',
    '"both" waits for telemetry*',
  ]);
  expect(starvingAutomations(automations, '{"resource":{"id":["a"]}}')).toEqual([]);
});
