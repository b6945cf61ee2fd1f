/**
 * Degrees to seven decimals, halves upward, of a corner that is known exactly: the same ones on every machine.
 *
 * An arc tangent may end in another last bit from one machine to the next, and a bit decides where degrees lie half-way between two
 * decimals: once in a million corners. So degrees are computed in doubles, and where they come within 1e-4 of half-way, which is a
 * hundred times what doubles err by, whole numbers of some 200 bits decide instead. The corner is given in whole margins, so these are
 * exact but for the sine and cosine of half-way itself, which are right to 1e-45. No corner lies on half-way: tangents of those angles are no
 * square roots of fractions.
 */

import type { Place } from "./forms.js";
import { axesOf, direction } from "./s2cells.js";
import { placeTowards } from "./wgs84.js";

const PER_DEGREE = 1e7;
const DOUBT = 1e-4;
const BITS = 200n;
const ONE = 1n << BITS;
const PI = 3_141592653589793238462643383279502884197169399375105820974944592307n; // × 10^66
const PI_ONE = 10n ** 66n;
const MARGIN_BITS = 11; // rim.MARGINS is 2^11

/** Latitude and longitude of a column and row, both in margins: 1/2048 of a cell's width. */
export function sevenDecimals(face: number, i: number, j: number, level: number): Place {
  const fine = level + MARGIN_BITS;
  const [lat, lon] = placeTowards(direction(face, i, j, fine));
  const longitude = rounded(lon, (half) => isPast(exactly(face, i, j, fine), half, "longitude"));
  return [
    rounded(lat, (half) => isPast(exactly(face, i, j, fine), half, "latitude")),
    longitude === -180 ? 180 : longitude,
  ];
}

/** The multiple of 1e-7 nearest to some degrees; `isPastHalf` is asked where doubles might not tell on which side of (2k + 1)/2 they lie. */
function rounded(degrees: number, isPastHalf: (twiceK: bigint) => boolean): number {
  const units = degrees * PER_DEGREE;
  const below = Math.floor(units);
  const isUp = Math.abs(units - below - 0.5) < DOUBT ? isPastHalf(2n * BigInt(below) + 1n) : units - below > 0.5;
  return (below + Number(isUp)) / PER_DEGREE + 0;
}

type Whole = readonly [bigint, bigint, bigint];

/** The direction of a corner, exactly, at some length: its slopes are fractions with the denominator 3 · 4^fine. */
function exactly(face: number, i: number, j: number, fine: number): Whole {
  const [normal, uAxis, vAxis] = axesOf(face);
  const [depth, u, v] = [3n << BigInt(2 * fine), slope(i, fine), slope(j, fine)];
  const along = ([0, 1, 2] as const).map(
    (axis) => BigInt(normal[axis]) * depth + BigInt(uAxis[axis]) * u + BigInt(vAxis[axis]) * v,
  );
  return along as unknown as Whole;
}

function slope(column: number, fine: number): bigint {
  const [whole, m] = [1n << BigInt(fine), BigInt(column)];
  return 2n * m >= whole ? 4n * m * m - whole * whole : whole * whole - 4n * (whole - m) * (whole - m);
}

/** Whether an angle of the direction is more than `half` halves of 1e-7°: the sine of the difference tells, which is small. */
function isPast([x, y, z]: Whole, half: bigint, which: "latitude" | "longitude"): boolean {
  const angle = (half * PI * ONE) / (PI_ONE * 2n * 10_000_000n * 180n);
  const [sine, cosine] = [series(angle, 1n), series(angle, 0n)];
  if (which === "longitude") return y * cosine > x * sine;
  return (z << BITS) * cosine > squareRoot((x * x + y * y) << (2n * BITS)) * sine;
}

/** Sine (from 1) or cosine (from 0) by Taylor's series, of at most π. */
function series(angle: bigint, from: bigint): bigint {
  const square = (angle * angle) >> BITS;
  let term = from ? angle : ONE;
  let sum = term;
  for (let n = from + 2n; term; n += 2n) {
    term = -((term * square) >> BITS) / (n * (n - 1n));
    sum += term;
  }
  return sum;
}

function squareRoot(n: bigint): bigint {
  if (n < 2n) return n;
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const better = (root + n / root) >> 1n;
    if (better >= root) return root;
    root = better;
  }
}
