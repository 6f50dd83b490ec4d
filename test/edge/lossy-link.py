"""Two TAP devices and a wire between them that loses, delays and reorders frames, for kernels without netem.

python3 lossy-link.py NAME NAME LOSS DELAY_MS REORDER SEED: prints "ready" when both are there, and runs
until its standard input ends.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000

names, (loss, delay_ms, reorder, seed) = sys.argv[1:3], map(float, sys.argv[3:7])
chance = random.Random(seed)


def open_tap(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


ends = [open_tap(name) for name in names]
other = {ends[0]: ends[1], ends[1]: ends[0]}
waiting = []
count = 0
print("ready", flush=True)

while True:
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        _, _, end, frame = heapq.heappop(waiting)
        try:
            os.write(end, frame)
        except OSError:
            pass  # Its queue is full, or it is down: a loss more.
    pause = max(0.0, waiting[0][0] - now) if waiting else 1.0
    for end in select.select([*ends, sys.stdin], [], [], pause)[0]:
        if end is sys.stdin:
            if not os.read(0, 1):
                sys.exit(0)
            continue
        try:
            frame = os.read(end, 65536)
        except OSError:
            continue
        if chance.random() < loss:
            continue
        late = delay_ms * (3 if chance.random() < reorder else 1)
        count += 1
        heapq.heappush(waiting, (time.monotonic() + late / 1000, count, other[end], frame))
