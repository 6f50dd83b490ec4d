/**
 * A message of the shared log that changes the rules from itself on. To a version of Sluice that does not know such
 * messages it is a block of an unknown version, as long as the head of any: that one stops there, and applies nothing
 * behind it. Numbers are little-endian.
 *
 *   0  u32      CRC-32 of all that is behind it, as of a block
 *   4  u8       2
 *   5  u8       kind: 1, a change of rules
 *   6  u16      the rules before: it counts for nothing where others are in force
 *   8  u16      the rules from here on
 *   10 34 × u8  0
 */
import { crc32 } from '../base/crc32.ts';

export const controlVersion = 2;

export interface ControlBlock {
  readonly rulesBefore: number;
  readonly rules: number;
}

const ofRules = 1;
const controlBytes = 44;

export function encodeControl({ rulesBefore, rules }: ControlBlock): Buffer {
  const data = Buffer.alloc(controlBytes);
  data[4] = controlVersion;
  data[5] = ofRules;
  data.writeUInt16LE(rulesBefore, 6);
  data.writeUInt16LE(rules, 8);
  data.writeUInt32LE(crc32(data.subarray(4)), 0);
  return data;
}

/** Of what is whole, and of this version; null for a kind that this code does not know. */
export function decodeControl(data: Buffer): ControlBlock | null {
  if (data[5] !== ofRules) return null;
  return { rulesBefore: data.readUInt16LE(6), rules: data.readUInt16LE(8) };
}
