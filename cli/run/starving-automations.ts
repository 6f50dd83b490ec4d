/** Automations of a Prefect server that wait for events which a filter of the forwarder keeps off it. */
import { alwaysForwarded } from '../../schemas/always-forwarded.ts';

/** The parts of a filter that say something of names; any other part may let an event pass. */
interface NamedFilter {
  readonly event?: {
    readonly name?: readonly string[];
    readonly prefix?: readonly string[];
    readonly exclude_name?: readonly string[];
    readonly exclude_prefix?: readonly string[];
  };
}

/** As Prefect answers. */
export interface Automation {
  readonly name: string;
  readonly enabled: boolean;
  readonly trigger: Trigger;
}

interface Trigger {
  readonly expect?: readonly string[];
  readonly after?: readonly string[];
  /** Of one that is made of others. */
  readonly triggers?: readonly Trigger[];
}

/** As sentences; `filter` as a client sends it. */
export function starvingAutomations(automations: readonly Automation[], filter: string): string[] {
  const { event = {} }: NamedFilter = JSON.parse(filter);
  return automations
    .filter(({ enabled }) => enabled)
    .flatMap(({ name, trigger }) => {
      const starving = namesOf(trigger).filter((expected) => !mayPass(expected, event));
      return starving.length === 0 ? [] : [`"${name}" waits for ${starving.join(', ')}`];
    });
}

function namesOf({ expect = [], after = [], triggers = [] }: Trigger): string[] {
  return [...expect, ...after, ...triggers.flatMap(namesOf)];
}

/** Whether any event of that name passes; a name that ends in `*` stands for all that begin so. */
function mayPass(expected: string, names: NonNullable<NamedFilter['event']>): boolean {
  const isOpen = expected.endsWith('*');
  const base = isOpen ? expected.slice(0, -1) : expected;
  const meets = (start: string): boolean => base.startsWith(start) || (isOpen && start.startsWith(base));
  const { name = [], prefix = [], exclude_name: excluded = [], exclude_prefix: excludedStarts = [] } = names;
  if (meets(alwaysForwarded)) return true;
  if (name.length > 0 && !name.some((one) => one === base || (isOpen && one.startsWith(base)))) return false;
  if (prefix.length > 0 && !prefix.some(meets)) return false;
  if (!isOpen && excluded.includes(base)) return false;
  return !excludedStarts.some((start) => base.startsWith(start));
}
