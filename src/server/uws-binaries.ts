/**
 * Which binary of the edge library runs where, and the SHA-256 of each: `docs/PLATFORMS.md` says where they come from.
 */

export interface KnownBinary {
  /** Of the file in the package. */
  readonly sha256: string;
  /** Of the copy that `lower-glibc.ts` makes of it. */
  readonly loweredSha256: string;
}

/** What a process runs on. */
export interface Surroundings {
  /** As Node names them. */
  readonly platform: string;
  readonly arch: string;
  /** As `process.version`. */
  readonly node: string;
  /** Node's number for its binary interface: 115 is Node 20, 127 Node 22, 137 Node 24. */
  readonly abi: string;
  /** As `2.36`; null where there is none. */
  readonly glibc: string | null;
}

/**
 * as it is: the package's own file.
 * lowered: a copy of it that asks for an older glibc.
 * older: the older release, whose parser refuses requests that a network cuts.
 * untested: a system other than Linux, where the package is taken at its word.
 */
export type Choice = 'asItIs' | 'lowered' | 'older' | 'untested' | 'none';

/** The release that the table is of. */
export const release = '20.57.0';

/** By `<arch>_<abi>`, for Linux. */
const knownBinaries: Readonly<Record<string, KnownBinary>> = {
  x64_115: {
    sha256: '5b126ee00bf754b02e97e4c27090365a8562c5820c93f93918ac2212d4503e91',
    loweredSha256: 'd1156432c696075e653325e7d7a784796db200923221e1e4a36293d15d724e32',
  },
  x64_127: {
    sha256: '4b55b1f2cb7a7913febbb65a89496412b96af77e838552980092ba6b33723aac',
    loweredSha256: 'f1608f301188933e79a50cf7d219a30ee83814aaba5e400e37c10eb9be7958db',
  },
  x64_137: {
    sha256: '98128405dba2fb608448e921a979530f70c946a2cc9889c15f2fa70c2d00ab05',
    loweredSha256: '337e7312c83b0df8accbe2446055c1e663ef14824712a055dfb8c34852cd8d69',
  },
  arm64_115: {
    sha256: '6bdbc8ff976b4371af1906175e9025804bacc38a414969f4f02314e6b99f206c',
    loweredSha256: 'c2d1ed56dd649fa070edc7f40ab7f001220b779a25ccf74b4668956815add011',
  },
  arm64_127: {
    sha256: '82b79bd18d1e3563de336156005bd01b7f39fc387b65173d69a29da4ee79f895',
    loweredSha256: '2c554a4acaef582e6cff58bbe9d555749d492153167e06c38721e39fd4f467ae',
  },
  arm64_137: {
    sha256: '88618b30ddf6b2b62310db89f40a701616676352aac5e0f6184dd8ef876199ce',
    loweredSha256: 'c52f98e37763f821adfd7a24445de06c5941db0bb99b92fd2ac06d5f65cd50f8',
  },
};

/** What the binaries use of a newer glibc than this cannot be given another name. */
const loweredMinor = 36;
/** The binaries' own wish. */
const ownMinor = 38;
/** glibc from which the older release is kept for Node 20. */
const olderMinor = 34;
const olderAbi = '115';

/** `isOwn`: the operator put another release in the package's place, whose files are in no table. */
export function chooseBinary({ platform, arch, abi, glibc }: Surroundings, isOwn: boolean): Choice {
  if (platform !== 'linux') return 'untested';
  const minor = minorOf(glibc);
  if (isOwn && minor >= ownMinor) return 'asItIs';
  if (isOwn || knownBinaries[`${arch}_${abi}`] === undefined) return 'none';
  if (minor >= ownMinor) return 'asItIs';
  if (minor >= loweredMinor) return 'lowered';
  return minor >= olderMinor && abi === olderAbi ? 'older' : 'none';
}

/** Of a choice that is `asItIs` or `lowered`. */
export function knownBinary({ arch, abi }: Surroundings): KnownBinary | undefined {
  return knownBinaries[`${arch}_${abi}`];
}

/** Says what to do where nothing runs. */
export function refusalOf({ platform, arch, node, glibc }: Surroundings): string {
  const libc = platform !== 'linux' ? '' : glibc === null ? ', no glibc' : `, glibc ${glibc}`;
  return (
    `The edge library has no binary that runs here (Node ${node} on ${platform} ${arch}${libc}). ` +
    'It needs Node 20, 22 or 24 on Linux with glibc 2.36 or newer (Debian 12, Ubuntu 24.04), x64 or arm64; ' +
    "elsewhere run Sluice's container: `docker compose up`, with the Dockerfile beside it."
  );
}

/** Where the operator's own release cannot run; there is no copy of a file that is in no table. */
export function ownRefusal({ glibc }: Surroundings): string {
  return (
    `The release of uWebSockets.js in node_modules is not ${release}, the one that Sluice has a table for, ` +
    `so it is loaded as it is, which wants ` +
    `glibc 2.38 or newer; this is ${glibc ?? 'a system without glibc'}. Run \`npm ci\` for the one that is known.`
  );
}

/** Of a system other than Linux. */
export const untestedWarning =
  'Sluice is tested on Linux only; here receive buffers cannot be limited, so one producer that sends ' +
  'faster than its events are ' +
  'taken can hold up everybody else.';

/** Names the fault, and the way on. */
export function olderWarning({ glibc }: Surroundings): string {
  return (
    `glibc ${glibc} is older than 2.36, so an older release of the edge library serves: it answers 505 to a ` +
    `request whose first ` +
    'line the network cuts into two segments, as it does to long page links and to some WebSocket handshakes; ' +
    "move to Debian 12, Ubuntu 24.04 or newer, or run Sluice's container."
  );
}

function minorOf(glibc: string | null): number {
  const [major, minor] = (glibc ?? '0.0').split('.').map(Number);
  return (major ?? 0) > 2 ? Number.POSITIVE_INFINITY : major === 2 ? (minor ?? 0) : 0;
}
