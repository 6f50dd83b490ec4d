/**
 * Finds the route of a path in a table, by look-ups in maps that are made once.
 */
import type { Route } from './route.ts';

export interface FoundPath {
  /** All of one path, of different methods. */
  readonly place: RoutePlace;
  /** The variable part of the path, decoded; empty for a fixed one. */
  readonly parameter: string;
}

export interface RoutePlace {
  readonly routes: readonly Route[];
  /** Their methods, as the header `Allow` has them. */
  readonly allow: string;
}

export function findIn(routes: readonly Route[]): (path: string) => FoundPath | null {
  const fixed = new Map<string, RoutePlace>();
  /** By what stands before the parameter. */
  const variable = new Map<string, RoutePlace>();
  for (const route of routes) {
    const colon = route.path.indexOf(':');
    if (colon < 0) addTo(fixed, route.path, route);
    else if (route.path.lastIndexOf('/') === colon - 1) addTo(variable, route.path.slice(0, colon), route);
    else throw new Error(`the parameter of ${route.path} is not its last part`);
  }

  /** The last part of a path may hold an encoded slash, which is one of its own characters: a label to count by. */
  return (path) => {
    const bare = path.startsWith('/api/') ? path.slice('/api'.length) : path;
    const place = fixed.get(decode(bare));
    if (place !== undefined) return { place, parameter: '' };
    const end = bare.lastIndexOf('/') + 1;
    const parameter = decode(bare.slice(end));
    const around = parameter === '' ? undefined : variable.get(decode(bare.slice(0, end)));
    return around === undefined ? null : { place: around, parameter };
  };
}

/** Of a place, the route that takes the method. */
export function routeFor({ routes }: RoutePlace, method: string): Route | null {
  for (const route of routes) if (route.method === method) return route;
  return null;
}

function addTo(places: Map<string, RoutePlace>, path: string, route: Route): void {
  const before = places.get(path)?.routes ?? [];
  if (before.some(({ method }) => method === route.method)) throw new Error(`${route.method} ${path} is there twice`);
  const routes = [...before, route];
  places.set(path, { routes, allow: routes.map(({ method }) => method).join(', ') });
}

function decode(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
