/** The routes of an arena, by what the server says of itself (`schema.d.ts`, which `scripts/api_types.py` writes): a route that it has not, or a body of other members, does not compile. */

import type { Json } from "../record/index.js";
import type { paths } from "./schema.js";

type Method = "get" | "post";
type Placed<Path> = Path extends `/arenas/{arena}/${infer Route}` ? Route : never;
type Filled<Route extends string> = Route extends `${infer Before}{${string}}${infer After}`
  ? `${Before}${string}${Filled<After>}`
  : Route;
type Has<Path extends keyof paths, M extends Method> = [Exclude<paths[Path][M], undefined>] extends [never]
  ? never
  : Path;

/** What stands in an address after the arena. */
export type RouteOf<M extends Method> = { [Path in keyof paths]: Filled<Placed<Has<Path, M>>> }[keyof paths];
export type Listed = Exclude<RouteOf<"get">, `${string}/${string}`>;

/** What a route takes; of what nests deeper than its members any JSON, which the server reads strictly. */
export type BodyOf<Route extends string> = `/arenas/{arena}/${Route}` extends infer Path extends keyof paths
  ? paths[Path]["post"] extends { requestBody: { content: { "application/json": infer Body } } }
    ? { readonly [Name in keyof Body]: Body[Name] extends string | number | undefined ? Body[Name] : Json }
    : never
  : never;
