/**
 * A crowd of hostile peers: a few begin at a time, up to so many at once; some leave by chance, the oldest go when it
 * is full, and all go at the end.
 */
import type { Field } from './kind.ts';

export interface Member {
  drop(): void;
}

export interface CrowdOptions {
  readonly membersMax: number;
  /** How many begin at once. */
  readonly atOnce: number;
  /** The pause of each between two beginnings, at most. */
  readonly pauseMsMax: number;
}

export async function crowd(
  field: Field,
  { membersMax, atOnce, pauseMsMax }: CrowdOptions,
  begin: () => Promise<Member | null>,
): Promise<void> {
  const members: Member[] = [];
  const worker = async (): Promise<void> => {
    while (!field.isOver()) {
      const member = await begin();
      if (member !== null) members.push(member);
      if (members.length >= membersMax) leave(members, field.by.below(membersMax / 2) + 1);
      else if (field.by.chance(0.02)) leave(members, 1);
      await field.pause(field.by.below(pauseMsMax + 1));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  leave(members, members.length);
}

function leave(members: Member[], count: number): void {
  for (const member of members.splice(0, count)) member.drop();
}
