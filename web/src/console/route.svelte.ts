/** Where in the console one is: the part of the address after `#`, so that back, forward and bookmarks work. It holds no secret, and no server sees it. */

export interface Route {
  readonly page: string;
  /** What the page is about: ids, mostly. */
  readonly rest: readonly string[];
}

const state = $state<{ route: Route }>({ route: read("") });

export function route(): Route {
  return state.route;
}

export function hrefOf(page: string, ...rest: readonly string[]): string {
  return `#/${[page, ...rest].map(encodeURIComponent).join("/")}`;
}

export function go(page: string, ...rest: readonly string[]): void {
  location.hash = hrefOf(page, ...rest);
}

export function startRouting(): () => void {
  const look = (): void => {
    state.route = read(location.hash);
  };
  look();
  window.addEventListener("hashchange", look);
  return () => window.removeEventListener("hashchange", look);
}

function read(hash: string): Route {
  const [page = "", ...rest] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  return { page, rest };
}

/** As it stands where somebody typed what is no encoding. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
