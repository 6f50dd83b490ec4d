/**
 * A crowd of hostile peers: a few begin at a time, up to so many at once; each has a life of its own, and all go at the
 * end.
 */
import type { Field } from './kind.ts';

export interface Member {
  /** False once the server has closed it. */
  readonly isOpen: boolean;
  drop(): void;
}

export interface CrowdOptions {
  readonly membersMax: number;
  /** How many begin at once. */
  readonly atOnce: number;
  /** The pause of each between two beginnings, at most. */
  readonly pauseMsMax: number;
  readonly lifeMsMax: number;
}

const fullPauseMs = 50;

export async function crowd(
  field: Field,
  { membersMax, atOnce, pauseMsMax, lifeMsMax }: CrowdOptions,
  begin: () => Promise<Member | null>,
): Promise<void> {
  const leavesAt = new Map<Member, number>();
  let beginning = 0;
  const leave = (isDue: (at: number, member: Member) => boolean): void => {
    for (const [member, at] of leavesAt) {
      if (!isDue(at, member)) continue;
      leavesAt.delete(member);
      member.drop();
    }
  };
  const worker = async (): Promise<void> => {
    while (!field.isOver()) {
      const now = performance.now();
      leave((at, { isOpen }) => !isOpen || at < now);
      if (leavesAt.size + beginning >= membersMax) {
        await field.pause(fullPauseMs);
        continue;
      }
      beginning += 1;
      const member = await begin();
      beginning -= 1;
      if (member !== null) leavesAt.set(member, performance.now() + field.by.below(lifeMsMax));
      await field.pause(field.by.below(pauseMsMax + 1));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  leave(() => true);
}
