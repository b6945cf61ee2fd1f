/** Moments and durations in words. Moments are microseconds since 1970; all are shown in UTC, marked Z, as duty desks write them. */

import { locale, number, t } from "./index.svelte.js";

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;

/** `18:39Z`, with the date before it where that is another day than `nowUs`. */
export function clock(atUs: number, nowUs?: number): string {
  if (!Number.isFinite(atUs)) return t("when.open");
  const at = new Date(atUs / 1000);
  const time = `${at.toISOString().slice(11, 16)}Z`;
  return nowUs !== undefined && sameDay(atUs, nowUs) ? time : `${day(atUs)} ${time}`;
}

/** `17 Sep`, in the reader's language. */
export function day(atUs: number): string {
  return new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", timeZone: "UTC" }).format(atUs / 1000);
}

/** A span of time, rounded down to what is told: `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function span(us: number): string {
  const total = Math.floor(Math.abs(us) / 1_000_000);
  if (total < MINUTE_S) return t("when.seconds", { n: total });
  if (total < HOUR_S) return t("when.minutes", { n: Math.floor(total / MINUTE_S) });
  if (total < DAY_S)
    return two("when.hours", Math.floor(total / HOUR_S), "when.minutes", Math.floor((total % HOUR_S) / MINUTE_S));
  return two("when.days", Math.floor(total / DAY_S), "when.hours", Math.floor((total % DAY_S) / HOUR_S));
}

function two(large: string, many: number, small: string, rest: number): string {
  return rest ? `${t(large, { n: many })} ${t(small, { n: rest })}` : t(large, { n: many });
}

/** A running clock, for deadlines: `4:07` to go, `−0:31` past. */
export function countdown(us: number): string {
  const s = Math.floor(Math.abs(us) / 1_000_000);
  const sign = us < 0 ? "−" : "";
  if (s >= DAY_S) return sign + span(us);
  const [h, m, rest] = [Math.floor(s / HOUR_S), Math.floor((s % HOUR_S) / MINUTE_S), s % MINUTE_S];
  const padded = (n: number): string => String(n).padStart(2, "0");
  return sign + (h ? `${number(h)}:${padded(m)}:${padded(rest)}` : `${number(m)}:${padded(rest)}`);
}

function sameDay(a: number, b: number): boolean {
  return Math.floor(a / 1_000_000 / DAY_S) === Math.floor(b / 1_000_000 / DAY_S);
}
