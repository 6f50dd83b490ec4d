/**
 * Tests put together. A part of a filter that asks for nothing is null, and costs nothing.
 */

export type Test<Subject> = (subject: Subject) => boolean;
/** Null is no condition. */
export type Condition<Subject> = Test<Subject> | null;

/** Fits where each condition does; without any, everything fits. */
export function all<Subject>(conditions: readonly Condition<Subject>[]): Test<Subject> {
  return allOf(conditions) ?? (() => true);
}

/** The same, null where there is no condition. */
export function allOf<Subject>(conditions: readonly Condition<Subject>[]): Condition<Subject> {
  const tests = conditions.filter((condition) => condition !== null);
  const [first, second] = tests;
  if (first === undefined || second === undefined) return first ?? null;
  if (tests.length === 2) return (subject) => first(subject) && second(subject);
  return (subject) => tests.every((test) => test(subject));
}

/** No condition stays none. */
export function not<Subject>(test: Condition<Subject>): Condition<Subject> {
  return test && ((subject) => !test(subject));
}
