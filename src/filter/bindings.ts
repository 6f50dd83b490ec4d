/**
 * The values of a filter as bound parameters of a statement. ClickHouse takes a thousand fields in a form, so a list is
 * one parameter, and texts that stand alone share parameters once there are many.
 */

/** What stands in the SQL for a value of a ClickHouse type. */
export type Bind = (type: string, value: unknown) => string;

export interface Bindings {
  readonly bind: Bind;
  /** Named f0, f1, …: other parameters of the statement must have other names. */
  readonly params: Record<string, unknown>;
}

/** This many texts have parameters of their own: ClickHouse reads those a little faster. */
const aloneMax = 64;
/** This many of the others share a parameter. Each place in the SQL that names one of them reads them all. */
const sharedMax = 16;

export function bindings(): Bindings {
  const params: Record<string, unknown> = {};
  let count = 0;
  let alone = 0;
  let shared: { readonly name: string; readonly values: unknown[] } | null = null;

  function add(type: string, value: unknown): string {
    const name = `f${count++}`;
    params[name] = value;
    return `{${name}:${type}}`;
  }

  function share(value: unknown): string {
    if (shared === null || shared.values.length === sharedMax) {
      shared = { name: `f${count}`, values: [] };
      add('Array(String)', shared.values);
    }
    shared.values.push(value);
    return `{${shared.name}:Array(String)}[${shared.values.length}]`;
  }

  return {
    params,
    bind(type, value) {
      if (type !== 'String') return add(type, value);
      alone += 1;
      return alone <= aloneMax ? add(type, value) : share(value);
    },
  };
}
