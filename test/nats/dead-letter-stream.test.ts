/** The dead letter of all gateways on a real NATS server: each event once, put in by the holder of the lease alone. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { LeaseLost } from '../../src/base/lease.ts';
import { labelsOf } from '../../src/event-log/resource-labels.ts';
import { splitRow } from '../../src/event-log/row.ts';
import { DeadLetterFull } from '../../src/nats/claimed-dead-letter.ts';
import { type DeadLetterStream, openDeadLetterStream } from '../../src/nats/dead-letter-stream.ts';
import type { DeadLetter } from '../../src/table-writer/ports.ts';
import { describeNats } from './describe-nats.ts';

const epoch = 'e';
const time = '2026-11-29 10:00:00.000000';
const rowOf = (seq: number, id: string = randomUUID(), raw = 'x') => `${seq}\t${id}\t${time}\t${time}\t0\ts\t${raw}`;
const event = (seq: number, row = rowOf(seq)) => ({ seq, epoch, reason: 'refused "so"', row });

describeNats('the dead letter of all gateways', (world) => {
  const open = (name: string): Promise<DeadLetterStream> => openDeadLetterStream(world.nats, { name, replicas: null });
  const claim = async (stream: DeadLetterStream, term: number, of = epoch): Promise<DeadLetter> =>
    (await stream.claim({ epoch: of, term })) ?? expect.unreachable();
  const seqs = async (stream: DeadLetterStream): Promise<number[]> => {
    const found: number[] = [];
    for await (const { seq } of stream.entries()) found.push(seq);
    return found;
  };

  it('has each event once, as it was put in, in the order of the log, until it is taken out', async () => {
    const stream = await open('ONCE');
    const held = await claim(stream, 1);
    const row = rowOf(20, 'id-of-20', 'tab\\tquote"\n'.trim());
    for (const seq of [9, 100]) await held.add(event(seq));
    await held.add(event(20, row));
    await held.add(event(20, row));
    expect(await seqs(stream)).toEqual([9, 20, 100]);
    const found = await (await open('ONCE')).among((seq) => seq === 20);
    expect([...found.values()]).toEqual([{ ...event(20, row), at: expect.any(String) }]);
    expect((await stream.ids()).get('id-of-20')).toBe(20);
    expect(await stream.size()).toMatchObject({ events: 3, bytesMax: 64 * 1024 * 1024 });
    await held.remove((seq) => seq === 20);
    expect(await seqs(stream)).toEqual([9, 100]);
    await held.add(event(20, row));
    expect((await stream.size())?.events).toBe(3);
  });

  it('gives up events for good, whose ids and seqs stay known, also where it is full', async () => {
    const stream = await open('DROPPED');
    const found = await world.nats.manager.streams.info('DROPPED_DEAD');
    await world.nats.manager.streams.update('DROPPED_DEAD', { ...found.config, max_bytes: 200_000 });
    const held = await claim(stream, 1);
    const raw = (text: string) => `{"event":"e","resource":{"prefect.resource.id":"r","tenant":"a"},"x":"${text}"}`;
    const large = (seq: number) => event(seq, rowOf(seq, `id-of-${seq}`, raw('y'.repeat(60_000))));
    for (const seq of [1, 2]) await held.add(large(seq));
    await expect(held.add(large(3))).rejects.toThrow(DeadLetterFull);
    expect(await stream.drop((seq) => seq === 2)).toBe(1);
    expect([await stream.drop((seq) => seq === 2), await seqs(stream)]).toEqual([0, [1]]);
    const left = (await stream.among(() => true)).get(2);
    expect(splitRow(left?.row ?? '')).toMatchObject({ seq: 2, id: 'id-of-2', received: time, occurred: time });
    expect([...labelsOf(splitRow(left?.row ?? '').raw)]).toEqual([
      ['prefect.resource.id', 'r'],
      ['tenant', 'a'],
    ]);
    expect([...(await stream.ids())]).toEqual([
      ['id-of-1', 1],
      ['id-of-2', 2],
    ]);
    await held.add(large(3));
    // Given to it once more, as by a recovery: it stays given up.
    await held.add(large(2));
    expect(await seqs(stream)).toEqual([1, 3]);
  });

  it('takes nothing of a gateway whose term is over, and lets it take out nothing that came since', async () => {
    const stream = await open('TERMS');
    const before = await claim(stream, 4);
    await before.add(event(1));
    const now = await claim(await open('TERMS'), 5);
    await now.remove((seq) => seq === 1);
    await now.add(event(1));
    await now.add(event(2));
    await before.remove(() => true);
    expect(await seqs(stream)).toEqual([1, 2]);
    await expect(before.add(event(3))).rejects.toThrow(LeaseLost);
    await expect(before.add(event(2))).rejects.toThrow(LeaseLost);
    expect(await stream.claim({ epoch, term: 4 })).toBe(null);
    expect(await seqs(stream)).toEqual([1, 2]);
    // The key was made anew with the epoch.
    await (await claim(stream, 1, 'next')).add(event(7));
    await expect(now.add(event(8))).rejects.toThrow(LeaseLost);
    expect(await seqs(stream)).toEqual([1, 2, 7]);
  });

  it('says by name that it is full, has what it had, and takes on where something was taken out', async () => {
    const stream = await open('FULL');
    const held = await claim(stream, 1);
    const large = 'x'.repeat(4 * 1024 * 1024);
    for (let seq = 1; seq <= 15; seq += 1) await held.add(event(seq, rowOf(seq, `id-${seq}`, large)));
    await expect(held.add(event(16, rowOf(16, 'id-16', large)))).rejects.toThrow(DeadLetterFull);
    // One that is in it already counts as put in, and a term may begin.
    await held.add(event(15, rowOf(15, 'id-15', large)));
    const next = await claim(stream, 1_000_000);
    await next.remove((seq) => seq === 3);
    await next.add(event(16, rowOf(16, 'id-16', large)));
    expect(await seqs(stream)).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });

  it('says what NATS says where it cannot be made', async () => {
    await expect(openDeadLetterStream(world.nats, { name: 'UNMADE', replicas: 3 })).rejects.toThrow(
      'the stream UNMADE_DEAD is neither there nor can it be made: replicas > 1 not supported in non-clustered mode',
    );
  });

  it('is refused where the stream is not as it must be', async () => {
    await open('OTHER');
    await world.nats.manager.streams.update('OTHER_DEAD', { max_age: 3_600_000_000_000 });
    await expect(open('OTHER')).rejects.toThrow('The stream OTHER_DEAD has max_age 3600000000000, and Sluice needs 0.');
  });
});
