/**
 * Live tests of one resource's labels.
 */
import { type Labels, resourceRoleLabel } from '../../schemas/event.ts';
import type { LabelPatterns } from '../../schemas/filter.ts';
import { allOf, type Condition, type Test } from './conditions.ts';
import { compilePatterns, parsePattern } from './pattern.ts';

/** With `fixedRole` the resource has that role, whatever its labels say: a primary resource has ''. */
export function compileLabels(labels: LabelPatterns, fixedRole?: string): Condition<Labels> {
  return allOf(
    Object.keys(labels).map((label): Test<Labels> => {
      const distinct = new Set(labels[label]);
      const fits = compilePatterns(Array.from(distinct, (pattern) => parsePattern(label, pattern)));
      if (label === resourceRoleLabel && fixedRole !== undefined) return () => fits(fixedRole);
      return (resource) => Object.hasOwn(resource, label) && fits(resource[label] ?? '');
    }),
  );
}

/** For the labels that every resource (of its kind) has. */
export function onLabel(label: string, test: Condition<string>): Condition<Labels> {
  return test && ((labels) => test(labels[label] ?? ''));
}
