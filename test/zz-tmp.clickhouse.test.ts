import { randomUUID } from 'node:crypto';
import { it } from 'vitest';
import { eventLike, publish, untilFound } from './support/events.ts';
import { removeData, startSluice } from './support/sluice.ts';
import { subscribe } from './support/websocket.ts';
it('tmp', async () => {
  const sluice = await (await import('../bench/peers/sluice.ts')).launchSluice({ root: '/tmp/bi/root', dataDir: '/tmp/bi/data' });
  const target = { baseUrl: () => sluice.url, strict: true };
  const id = randomUUID();
  await publish(target, [eventLike({ id, event: 'large.filter' })]);
  await untilFound(target, { id: { id: [id] } }, 1);
  for (const n of [25000]) {
    const ids = [...Array.from({ length: n }, () => randomUUID()), id];
    const t = performance.now();
    const s = await subscribe(target, { id: { id: ids } });
    const r = await Promise.race([s.next().catch((e) => String(e)), s.closed.then((c) => JSON.stringify(c))]);
    console.log(n, Math.round(performance.now() - t), r.slice(0, 80), s.isOpen);
    s.drop();
  }
  console.log(sluice.output());
  await sluice.stop();
  
});
