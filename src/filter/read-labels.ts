/**
 * Reads label patterns. It resolves the special cases of ids and roles, so that test and SQL start from one meaning
 * (I6).
 */
import { resourceIdLabel, resourceRoleLabel } from '../../schemas/event.ts';
import type { LabelPatterns } from '../../schemas/filter.ts';
import { isUnconditional } from './pattern.ts';
import { isFull, isRecord, listOf, type Reader, readString, refuse, under } from './read-model.ts';

export const noLabels: LabelPatterns = Object.freeze(Object.create(null));

/**
 * Label patterns of the primary resource, or of any. An id or role without a value fits every resource, which is the id
 * `*`: an entry with only such labels still wants one resource to be there. The primary resource has no role, so its
 * role label fits nothing.
 */
export function readLabels(resource: 'primary' | 'any'): Reader<LabelPatterns> {
  return (input, place) => {
    // Without a prototype, `__proto__` is a label like any other.
    const labels: Record<string, readonly string[]> = Object.create(null);
    if (!isRecord(input)) {
      refuse(place, 'dict_type', 'Input should be a valid dictionary', input);
      return labels;
    }
    for (const label of Object.keys(input)) {
      if (isFull(place)) break;
      readString(label, under(place, label));
      const value = readPatterns(input[label], under(place, label));
      if (label === resourceRoleLabel && resource === 'primary') labels[label] = [];
      else if (isUnconditional(label, value)) labels[resourceIdLabel] ??= ['*'];
      else labels[label] = typeof value === 'string' ? [value] : value;
    }
    return labels;
  };
}

const readPatterns: Reader<string | readonly string[]> = (input, place) => {
  if (typeof input === 'string') return readString(input, under(place, 'str'));
  const isList = Array.isArray(input) && input.every((entry) => typeof entry === 'string');
  if (!isList) readString(input, under(place, 'str'));
  return listOf(readString)(input, under(place, 'list[str]'));
};
