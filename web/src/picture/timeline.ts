/** Volumes along time: when the picture begins and ends, what is active at a moment, how many are active when. */

import type { Shown } from "./types.js";

export const MINUTE_US = 60_000_000;
export const HOUR_US = 60 * MINUTE_US;
export const DAY_US = 24 * HOUR_US;

export interface Span {
  readonly fromUs: number;
  readonly untilUs: number;
}

/** How many volumes are active in one part of a span, and how many of them the answers call a conflict, or a possible one. */
export interface Density {
  readonly active: Int32Array;
  readonly conflicts: Int32Array;
  readonly possible: Int32Array;
  readonly most: number;
}

/** Both ends are included, as screening has it: a volume of a single minute is there in that minute. */
export function activeAt({ fromUs, untilUs }: Span, timeUs: number): boolean {
  return fromUs <= timeUs && timeUs <= untilUs;
}

/** From the first beginning to the last end, in whole hours; open ends do not count. A day around `aroundUs` where nothing has an end. */
export function spanOf(shown: readonly Span[], aroundUs: number): Span {
  let from = Infinity;
  let until = -Infinity;
  for (const each of shown) {
    for (const at of [each.fromUs, each.untilUs]) {
      if (!Number.isFinite(at)) continue;
      from = Math.min(from, at);
      until = Math.max(until, at);
    }
  }
  if (from > until) [from, until] = [aroundUs - DAY_US / 2, aroundUs + DAY_US / 2];
  const span = { fromUs: Math.floor(from / HOUR_US) * HOUR_US, untilUs: Math.ceil(until / HOUR_US) * HOUR_US };
  return span.untilUs > span.fromUs ? span : { ...span, untilUs: span.fromUs + HOUR_US };
}

/** Counts by `bins` equal parts of a span: a volume counts in every part that it touches. */
export function density(shown: readonly Shown[], span: Span, bins: number): Density {
  const changes = {
    all: new Int32Array(bins + 1),
    CONFLICT: new Int32Array(bins + 1),
    POSSIBLE: new Int32Array(bins + 1),
  };
  const width = (span.untilUs - span.fromUs) / bins;
  for (const each of shown) {
    const first = Math.max(0, Math.floor((each.fromUs - span.fromUs) / width));
    const end = Math.min(bins, Math.max(first + 1, Math.ceil((each.untilUs - span.fromUs) / width)));
    if (first >= bins || end <= 0 || each.untilUs <= span.fromUs) continue;
    add(changes.all, first, end);
    if (each.answer === "CONFLICT" || each.answer === "POSSIBLE") add(changes[each.answer], first, end);
  }
  const active = summed(changes.all);
  return {
    active,
    conflicts: summed(changes.CONFLICT),
    possible: summed(changes.POSSIBLE),
    most: active.reduce((most, count) => Math.max(most, count), 0),
  };
}

function add(changes: Int32Array, first: number, end: number): void {
  changes[first] = (changes[first] ?? 0) + 1;
  changes[end] = (changes[end] ?? 0) - 1;
}

function summed(changes: Int32Array): Int32Array {
  let count = 0;
  return changes.subarray(0, -1).map((change) => (count += change));
}

const STEPS_US = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080].map((minutes) => minutes * MINUTE_US);

/** What one press of an arrow key moves: the smallest round step of which 200 pass the span. */
export function stepOf({ fromUs, untilUs }: Span): number {
  return STEPS_US.find((step) => (untilUs - fromUs) / step <= 200) ?? DAY_US;
}

/** Round moments to write under the slider, at most `most` of them. */
export function ticks({ fromUs, untilUs }: Span, most: number): number[] {
  const step = STEPS_US.find((each) => (untilUs - fromUs) / each <= most) ?? 30 * DAY_US;
  const first = Math.ceil(fromUs / step) * step;
  return Array.from({ length: Math.floor((untilUs - first) / step) + 1 }, (_, index) => first + index * step);
}

export function within({ fromUs, untilUs }: Span, timeUs: number): number {
  return Math.min(untilUs, Math.max(fromUs, timeUs));
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** Date-time group: `231839Z NOV 26`. */
export function dateTimeGroup(atUs: number): string {
  if (!Number.isFinite(atUs)) return "—";
  const at = new Date(atUs / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(at.getUTCDate())}${two(at.getUTCHours())}${two(at.getUTCMinutes())}Z ${MONTHS[at.getUTCMonth()] ?? ""} ${two(at.getUTCFullYear() % 100)}`;
}
