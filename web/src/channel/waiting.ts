/** Waiting that ends at once when there is nothing to wait for any more, and what a server says of how long to wait. */

const LONGEST_ASKED_MS = 60_000;

/** Tells when the machine is back on the network; a test outside a browser has none. */
const network: Window | null = typeof window === "undefined" ? null : window;

/** Asked anew each time: what ends a wait ends it from outside. */
export function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** After a while; sooner where the signal says stop, or the machine is back on the network. Never throws: who waits looks at the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (isOver(signal)) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      network?.removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    network?.addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}

/**
 * How long a server asks us to wait (RFC 9110, 10.2.3: seconds, or a date by its own clock), in milliseconds; 0 where it asks for nothing that can be read.
 *
 * Never more than a minute: a server that names a day would keep a desk dark, and is asked again.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number {
  const said = headers.get("retry-after")?.trim() ?? "";
  const ms = /^\d{1,10}$/.test(said) ? Number(said) * 1_000 : dateOf(said) - (dateOf(headers.get("date")) || nowMs);
  return Number.isFinite(ms) ? Math.min(LONGEST_ASKED_MS, Math.max(0, ms)) : 0;
}

function dateOf(said: string | null): number {
  return /[a-z]/i.test(said ?? "") ? Date.parse(said ?? "") : Number.NaN;
}
