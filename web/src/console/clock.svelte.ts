/** The channel's time, as far as this browser knows it: its own clock, set right by what the server's answers say. Ticks each second. */

const state = $state({ nowMs: Date.now(), aheadMs: 0 });

/** Microseconds since 1970, by the channel's clock. Reactive: what reads it is drawn again each second. */
export function nowUs(): number {
  return (state.nowMs + state.aheadMs) * 1_000;
}

/** How far the channel's clock is ahead of this machine's. */
export function setAhead(ms: number): void {
  state.aheadMs = ms;
}

export function aheadMs(): number {
  return state.aheadMs;
}

/** Lets time pass; gives what stops it. A tab that slept is right again at once when it is seen. */
export function startClock(): () => void {
  const tick = (): void => {
    state.nowMs = Date.now();
  };
  const timer = setInterval(tick, 1_000);
  document.addEventListener("visibilitychange", tick);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  };
}
