import { describe, expect, it } from "vitest";

import { heightsOf, planOf, timesOf } from "../../src/console/conflict/overlap.js";
import type { VolumeForm } from "../../src/notice/index.js";

const HOUR_US = 3_600_000_000;

function volume(given: {
  at?: readonly [number, number];
  lower?: number | null;
  upper?: number | null;
  reference?: string;
  from?: number | null;
  until?: number | null;
}): VolumeForm {
  const { at = [35, 35], lower = 0, upper = 1000, reference = "AMSL", from = 0, until = HOUR_US } = given;
  const limit = (value_m: number | null): object => ({ value_m, reference: value_m === null ? "UNL" : reference });
  return {
    footprint: { shape: "circle", centre: at, radius_m: 5_000 },
    altitude_lower: limit(lower),
    altitude_upper: limit(upper),
    window: { start_us: from, end_us: until },
  } as unknown as VolumeForm;
}

function numbersOf(path: string): number[][] {
  return path.match(/[\d.-]+,[\d.-]+/g)?.map((pair) => pair.split(",").map(Number)) ?? [];
}

describe("how two volumes lie to one another", () => {
  it("draws both on the sheet, north up and east to the right", () => {
    const plan = planOf(volume({ at: [35, 35] }), volume({ at: [35.2, 35.3] }), null);
    const [ours, theirs] = [numbersOf(plan?.ours ?? ""), numbersOf(plan?.theirs ?? "")];
    for (const [x = -1, y = -1] of [...ours, ...theirs]) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(plan?.width ?? 0);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(plan?.height ?? 0);
    }
    const middle = (points: number[][], axis: number): number =>
      points.reduce((sum, point) => sum + (point[axis] ?? 0), 0) / points.length;
    expect(middle(theirs, 0)).toBeGreaterThan(middle(ours, 0));
    expect(middle(theirs, 1)).toBeLessThan(middle(ours, 1));
  });

  it("draws a circle as wide as it is, by its own scale", () => {
    const plan = planOf(volume({}), volume({ at: [35.2, 35] }), null);
    const xs = numbersOf(plan?.ours ?? "").map(([x = 0]) => x);
    const width = (Math.max(...xs) - Math.min(...xs)) * (plan?.metresPerUnit ?? 0);
    expect(width).toBeGreaterThan(9_900);
    expect(width).toBeLessThan(10_200);
  });

  it("draws what lies on both sides of the antimeridian side by side", () => {
    const plan = planOf(volume({ at: [10, 179.99] }), volume({ at: [10, -179.99] }), null);
    expect(plan?.metresPerUnit).toBeLessThan(200);
  });

  it("says what both cover in time and height, closed at its ends", () => {
    const [one, other] = [
      volume({ from: 0, until: 10, lower: 0, upper: 100 }),
      volume({ from: 10, until: 20, lower: 50, upper: 200 }),
    ];
    const time = timesOf(one, other);
    expect(time?.common?.[0]).toBe(time?.common?.[1]);
    expect(heightsOf(one, other)?.common).not.toBeNull();
    expect(timesOf(one, volume({ from: 11, until: 20 }))?.common).toBeNull();
  });

  it("does not compare heights of different references", () => {
    expect(heightsOf(volume({}), volume({ reference: "FL" }))).toBeNull();
    expect(heightsOf(volume({ upper: null }), volume({ reference: "AMSL" }))?.ours.opensAbove).toBe(true);
  });

  it("draws nothing of two volumes that are open on all sides", () => {
    expect(timesOf(volume({ from: null, until: null }), volume({ from: null, until: null }))).toBeNull();
  });
});
