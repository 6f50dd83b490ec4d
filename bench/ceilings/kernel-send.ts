/**
 * What the kernel takes for one frame's bytes, sent to a thousand sockets in writes of twenty frames: the floor of
 * every fan-out here.
 */

import { freePort } from '../../support/peers/server-process.ts';
import type { KernelSendReport } from '../load/kernel-send.ts';
import { startLoad } from '../load/load-maker.ts';
import { median, round } from '../target.ts';

const sockets = 1_000;
const seconds = 4;
const rounds = 3;
const frameBytes = 1_150;
const framesAWrite = 20;
const deadlineMs = 30_000;

export async function kernelSend(): Promise<object> {
  const micros: number[] = [];
  for (let nth = 0; nth < rounds; nth += 1) micros.push(await measure());
  return { sockets, frameBytes, framesAWrite, microsPerFrame: median(micros), eachMicros: micros };
}

async function measure(): Promise<number> {
  const port = await freePort();
  const shape = { mode: 'send', port, sockets, seconds, writeBytes: framesAWrite * frameBytes };
  const sender = startLoad<KernelSendReport>('kernel-send', shape, deadlineMs);
  await sender.ready;
  const reader = startLoad<KernelSendReport>('kernel-send', { mode: 'read', port, sockets }, deadlineMs);
  const { bytes, cpuSeconds } = await sender.finished;
  await reader.finished;
  return round((cpuSeconds * 1e6) / (bytes / frameBytes), 3);
}
