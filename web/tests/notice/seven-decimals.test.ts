import { afterEach, expect, test, vi } from "vitest";

import { sevenDecimals } from "../../src/notice/seven-decimals.js";
import { vectorRows } from "../vectors.js";

const ROWS = vectorRows("generaliser/half_way.csv");

test("there are corners close to half-way", () => expect(ROWS.length).toBeGreaterThanOrEqual(40));

afterEach(() => vi.restoreAllMocks());

test.each([-8, -1, 1, 8])("an arc tangent that is %d last bits off changes nothing", (bits) => {
  const exact = Math.atan2.bind(Math);
  vi.spyOn(Math, "atan2").mockImplementation((y, x) => exact(y, x) * (1 + bits * Number.EPSILON));
  for (const row of ROWS) expect(decimals(row)).toEqual(Object.values(row).map(Number).slice(4));
});

test.each(ROWS)("on face $face at $column, $row the true value decides, not the last bit of an arc tangent", (row) => {
  expect(decimals(row)).toEqual(Object.values(row).map(Number).slice(4));
});

function decimals(row: Record<string, string>): readonly number[] {
  const [face = NaN, column = NaN, line = NaN, level = NaN] = Object.values(row).map(Number);
  return sevenDecimals(face, column, line, level);
}
