/** What a path asks for: an encoded slash in its last part belongs to a label, and makes no other route. */
import { expect, test } from 'vitest';
import { getHealth } from '../../src/description/operations/server.ts';
import { findIn, routeFor } from '../../src/server/find-route.ts';
import { noContent } from '../../src/server/http-answer.ts';
import type { Route } from '../../src/server/route.ts';
import { findRoute, socketRoutes } from '../../src/server/route-table.ts';

const routeLike = (method: Route['method'], path: string): Route => ({
  method,
  path,
  operation: getHealth,
  answer: () => noContent,
});

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

test('each entry of a path is found by its method, and the path says which it takes', () => {
  const [get, post] = [routeLike('GET', '/things/:name'), routeLike('POST', '/things/:name')];
  const found = findIn([get, post, routeLike('GET', '/things')])('/api/things/a');
  expect(found?.parameter).toBe('a');
  const place = found!.place;
  expect([routeFor(place, 'GET'), routeFor(place, 'POST'), routeFor(place, 'HEAD')]).toEqual([get, post, null]);
  expect(place.allow).toBe('GET, POST');
});

test('a table with an entry twice, or with a parameter that is not the last part, is none', () => {
  expect(() => findIn([routeLike('GET', '/a'), routeLike('GET', '/a')])).toThrow('GET /a is there twice');
  expect(() => findIn([routeLike('GET', '/:a/b')])).toThrow('not its last part');
});

test('sockets are in the table too, and no HTTP path is a socket alone', () => {
  expect(socketRoutes.map(({ path }) => path)).toEqual(['/events/in', '/events/out']);
  expect(findRoute('/events/in')).toBeNull();
  expect(findRoute('/events/out')?.place.allow).toBe('GET');
});
