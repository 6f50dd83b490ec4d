/** What a path asks for: an encoded slash in its last part belongs to a label, and makes no other route. */
import { expect, test } from 'vitest';
import { findRoute } from '../../src/server/route-table.ts';

test.each([
  ['/api/events/count-by/label:a%2Fb', 'label:a/b'],
  ['/events/count-by/label:%2F', 'label:/'],
  ['/events/count%2Dby/label:a%2fb%2Fc', 'label:a/b/c'],
  ['/api/events/count-by/event', 'event'],
  ['/api/events/count-by/label:100%25', 'label:100%'],
  ['/api/events/count-by/label:%', 'label:%'],
])('%s counts by %s', (path, parameter) => {
  expect(findRoute(path)?.parameter).toBe(parameter);
});

test.each([
  '/api/events/count-by/',
  '/api/events/count-by',
  '/api/events/count-by/a/b',
  '/events%2Fcount-by/event/',
  '/count-by/event',
])('%s is no route', (path) => {
  expect(findRoute(path)).toBeNull();
});

test('encoded characters of other paths are read as before', () => {
  expect(findRoute('/api/%65vents/filter')).not.toBeNull();
});
