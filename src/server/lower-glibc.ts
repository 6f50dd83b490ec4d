/**
 * Makes a copy of a Linux binary that asks for an older glibc. The edge library's binaries want glibc 2.38 for nothing
 * but C23's twins of strtol, strtoul, strtoull and sscanf, which differ from those of every glibc in reading `0b…` in
 * bases 0 and 2. In the copy these symbols have their older names; all else is as it was.
 */

/** What the copy may want at most: Debian 12. */
const newestMinor = 36;
const twinPrefix = '__isoc23_';
const twins = /^__isoc23_(strtol|strtoul|strtoull|sscanf)$/;
const elfMagic = 0x7f454c46;
const machineArm64 = 183;
const symbolBytes = 24;
/** The flag of a wanted version that may be missing at run time (VER_FLG_WEAK). */
const mayBeMissing = 2;

interface Section {
  readonly offset: number;
  readonly bytes: number;
  /** How many entries a section of versions has. */
  readonly info: number;
}

interface WantedVersion {
  readonly name: string;
  /** Where its entry begins in the file. */
  readonly at: number;
}

/**
 * Takes and gives a whole file. Throws Error for what is no such binary, or wants more than the twins of a newer glibc.
 */
export function lowerGlibc(binary: Buffer): Buffer {
  const file = Buffer.from(binary);
  if (file.readUInt32BE(0) !== elfMagic || file[4] !== 2 || file[5] !== 1) {
    throw new Error('This is no 64-bit little-endian ELF file.');
  }
  const sections = sectionsOf(file);
  const strings = sectionOf(sections, '.dynstr');
  const wanted = wantedVersions(file, sectionOf(sections, '.gnu.version_r'), strings);
  renameTwins(file, sectionOf(sections, '.dynsym'), sectionOf(sections, '.gnu.version'), strings, wanted);
  for (const { name, at } of wanted.values()) if (minorOf(name) > newestMinor) file.writeUInt16LE(mayBeMissing, at + 4);
  return file;
}

/** A twin's old name is the tail of its new one in the same string, so the file keeps its size. */
function renameTwins(
  file: Buffer,
  symbols: Section,
  versions: Section,
  strings: Section,
  wanted: ReadonlyMap<number, WantedVersion>,
): void {
  const base = file.readUInt16LE(18) === machineArm64 ? 'GLIBC_2.17' : 'GLIBC_2.2.5';
  const baseIndex = [...wanted].find(([, { name }]) => name === base)?.[0];
  if (baseIndex === undefined) throw new Error(`The binary does not want ${base}.`);
  for (let nth = 0; nth < symbols.bytes / symbolBytes; nth += 1) {
    const symbol = symbols.offset + nth * symbolBytes;
    const index = versions.offset + nth * 2;
    const version = wanted.get(file.readUInt16LE(index) & 0x7fff);
    if (version === undefined || minorOf(version.name) <= newestMinor) continue;
    const name = textAt(file, strings.offset + file.readUInt32LE(symbol));
    if (!twins.test(name)) throw new Error(`The binary wants ${name} of ${version.name}.`);
    file.writeUInt32LE(file.readUInt32LE(symbol) + twinPrefix.length, symbol);
    file.writeUInt16LE(baseIndex, index);
  }
}

/** The versions of libc that the binary wants, by the number its symbols name them with. */
function wantedVersions(file: Buffer, needs: Section, strings: Section): Map<number, WantedVersion> {
  const wanted = new Map<number, WantedVersion>();
  let library = needs.offset;
  for (let nth = 0; nth < needs.info; nth += 1) {
    const isLibc = textAt(file, strings.offset + file.readUInt32LE(library + 4)) === 'libc.so.6';
    let at = library + file.readUInt32LE(library + 8);
    for (let left = file.readUInt16LE(library + 2); left > 0; left -= 1) {
      const name = textAt(file, strings.offset + file.readUInt32LE(at + 8));
      if (isLibc) wanted.set(file.readUInt16LE(at + 6), { name, at });
      at += file.readUInt32LE(at + 12);
    }
    library += file.readUInt32LE(library + 12);
  }
  return wanted;
}

function sectionsOf(file: Buffer): Map<string, Section> {
  const table = offsetAt(file, 40);
  const headerBytes = file.readUInt16LE(58);
  const count = file.readUInt16LE(60);
  const names = offsetAt(file, table + file.readUInt16LE(62) * headerBytes + 24);
  const sections = new Map<string, Section>();
  for (let nth = 0; nth < count; nth += 1) {
    const at = table + nth * headerBytes;
    const name = textAt(file, names + file.readUInt32LE(at));
    sections.set(name, {
      offset: offsetAt(file, at + 24),
      bytes: offsetAt(file, at + 32),
      info: file.readUInt32LE(at + 44),
    });
  }
  return sections;
}

function sectionOf(sections: ReadonlyMap<string, Section>, name: string): Section {
  const section = sections.get(name);
  if (section === undefined) throw new Error(`The binary has no section ${name}.`);
  return section;
}

function minorOf(version: string): number {
  return Number(/^GLIBC_2\.(\d+)/.exec(version)?.[1] ?? 0);
}

function textAt(file: Buffer, at: number): string {
  return file.toString('latin1', at, file.indexOf(0, at));
}

function offsetAt(file: Buffer, at: number): number {
  return Number(file.readBigUInt64LE(at));
}
