// Two network namespaces with a link of 1,500 bytes between them. Needs root and `ip`; with loss, delay and reordering
// netem, or where the kernel has none, a wire of our own (lossy-link.py).
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const server = { space: 'sluice-edge-server', device: 'sledge0', address: '10.215.77.1' };
export const client = { space: 'sluice-edge-client', device: 'sledge1', address: '10.215.77.2' };

/**
 * `trouble` is null, or loss and reordering as parts of one and the delay of one way. Resolves with what the link is,
 * and how it goes away.
 */
export async function openNetwork(trouble) {
  close();
  for (const { space } of [server, client]) ip('netns', 'add', space);
  let wire = null;
  let kind = 'a pair of veth';
  if (trouble === null) {
    ip('link', 'add', server.device, 'type', 'veth', 'peer', 'name', client.device);
  } else {
    wire = await openWire(trouble);
    kind = `a wire with ${trouble.loss * 100} % loss, ${trouble.delayMs} ms each way, ${trouble.reorder * 100} % of the frames later than others`;
  }
  for (const { space, device, address } of [server, client]) {
    ip('link', 'set', device, 'netns', space);
    inside(space, 'addr', 'add', `${address}/24`, 'dev', device);
    // Else the kernel hands over segments of 64 kB, which no network has.
    inside(space, 'link', 'set', device, 'mtu', '1500', 'gso_max_size', '1500', 'gso_max_segs', '1', 'up');
    inside(space, 'link', 'set', 'lo', 'up');
  }
  return {
    kind,
    close() {
      wire?.stdin.end();
      close();
    },
  };
}

async function openWire({ loss, delayMs, reorder }) {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'lossy-link.py');
  const words = [script, server.device, client.device, loss, delayMs, reorder, 15].map(String);
  const wire = spawn('python3', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(wire.stdout, 'data');
  return wire;
}

function close() {
  for (const { space } of [server, client]) spawnSync('ip', ['netns', 'del', space], { stdio: 'ignore' });
}

function inside(space, ...words) {
  ip('-n', space, ...words);
}

function ip(...words) {
  const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr}`);
}
