/** Text before it is read: of bounded length, with plain digits and single spaces; as `detente.geodesy.written` has it. */

import { DetenteError } from "../record/errors.js";

/** What was written is none of what it should be, or can be read two ways. */
export class NotUnderstood extends DetenteError {}

const LONGEST_TEXT = 200;
const SIGNS: Readonly<Record<string, string>> = { "−": "-", "‐": "-", "‑": "-", "–": "-", "٫": "." };

/** The text with the digits of any script as 0 to 9, the minus sign as a hyphen, and single spaces. */
export function plainly(text: string, kind: string): string {
  const signs = Array.from(text);
  if (signs.length > LONGEST_TEXT)
    throw new NotUnderstood(
      `${quoted(signs.slice(0, 40).join(""))}… of ${signs.length} characters is not ${kind}`,
      `nothing of more than ${LONGEST_TEXT} characters is read as one`,
    );
  return signs.map(plainSign).join("").split(/\s+/u).filter(Boolean).join(" ");
}

/** Text as a refusal shows it: in single quotes, or in double ones where it holds a single one alone. */
export function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll("\u00a0", "\\xa0");
  return mark + (mark === "'" ? inner.replaceAll("'", "\\'") : inner) + mark;
}

function plainSign(sign: string): string {
  return SIGNS[sign] ?? (/\p{Nd}/u.test(sign) ? String(digit(sign)) : sign);
}

/** Decimal digits stand in Unicode in runs of ten, zero first. */
function digit(sign: string): number {
  let before = 0;
  const code = sign.codePointAt(0) ?? 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(Math.max(code - before - 1, 0)))) before += 1;
  return before % 10;
}
