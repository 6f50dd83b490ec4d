/**
 * Reads the entries of `related` and of `any_resource`.
 */
import { addIssues, listOf, type Reader, refuse, under } from './read-model.ts';

/** No index helps with most entries: each is tried on every event. */
export const entriesMax = 50;

/**
 * Reads one model or a list of them; if it is neither, it tells the issues of both readings. Entries without a
 * condition are left out, for every event meets them.
 */
export function oneOrMore<Entry extends object>(name: string, reader: Reader<Entry>): Reader<readonly Entry[]> {
  return (input, place) => {
    if (Array.isArray(input) && input.length > entriesMax) {
      const msg = `List should have at most ${entriesMax} items after validation, not ${input.length}`;
      refuse(place, 'too_long', msg, null, {
        field_type: 'List',
        max_length: entriesMax,
        actual_length: input.length,
      });
      return [];
    }
    const asOne = under({ ...place, issues: [] }, name);
    const one = reader(input, asOne);
    if (asOne.issues.length === 0) return [one].filter(hasCondition);
    const asList = under({ ...place, issues: [] }, `list[${name}]`);
    const list = listOf(reader)(input, asList);
    if (asList.issues.length === 0) return list.filter(hasCondition);
    addIssues(place, asOne.issues);
    addIssues(place, asList.issues);
    return [];
  };
}

/** An entry without a condition is met by an event without related resources, too. */
function hasCondition(entry: object): boolean {
  return Object.values(entry).some((field: object) => Object.keys(field).length > 0);
}
