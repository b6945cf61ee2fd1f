import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { afterEach, describe, expect, test } from "vitest";

import { chooseLanguage, direction, LANGUAGES, preferredLanguage, t } from "../../src/words/index.svelte.js";
import { countdown, span } from "../../src/words/when.js";

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));
const WORDS = `${SOURCE}words/`;

type Entry = string | Record<string, string>;

function entries(language: string): Map<string, Entry> {
  const found = readdirSync(WORDS + language).flatMap((file) => {
    const read = JSON.parse(readFileSync(`${WORDS}${language}/${file}`, "utf8")) as Record<string, Entry>;
    return Object.entries(read).map(([name, entry]) => [`${file.replace(".json", "")}.${name}`, entry] as const);
  });
  return new Map(found);
}

function texts(entry: Entry | undefined): string[] {
  return typeof entry === "string" ? [entry] : Object.values(entry ?? {});
}

function filledIn(entry: Entry | undefined): string[] {
  const named = texts(entry).flatMap((text) => text.match(/\{\w+\}/g) ?? []);
  return [...new Set(named)].filter((name) => name !== "{count}").sort();
}

const english = entries("en");

afterEach(() => chooseLanguage("en"));

describe.each(Object.keys(LANGUAGES))("%s", (language) => {
  const own = entries(language);

  test("says all that English says, and nothing else", () => {
    expect([...own.keys()].sort()).toEqual([...english.keys()].sort());
  });

  test("fills in what English fills in", () => {
    const differ = [...english].filter(([key, entry]) => filledIn(entry).join() !== filledIn(own.get(key)).join());
    expect(differ.map(([key]) => key)).toEqual([]);
  });

  test("has a word for every category of number, where there are several", () => {
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const short = [...own].filter(
      ([, entry]) => typeof entry !== "string" && categories.some((each) => !(each in entry)),
    );
    expect(short.map(([key]) => key)).toEqual([]);
  });
});

test("every string that the source asks for was written", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(svelte|ts)$/.test(name),
  );
  const asked = files.flatMap((name) =>
    [...readFileSync(SOURCE + name, "utf8").matchAll(/\bt\(\s*"([\w.]+)"/g)].map(([, key]) => key ?? ""),
  );
  expect([...new Set(asked)].filter((key) => !english.has(key))).toEqual([]);
});

test("Hebrew and Arabic run from right to left", () => {
  expect(Object.keys(LANGUAGES).map((each) => direction(each as keyof typeof LANGUAGES))).toEqual([
    "ltr",
    "ltr",
    "rtl",
    "rtl",
  ]);
});

test("the first language asked for that is spoken here is taken, and else English", () => {
  expect([preferredLanguage(["fr-FR", "ar-LB", "en"]), preferredLanguage(["fr"])]).toEqual(["ar", "en"]);
});

test("a span tells its two largest units, a countdown runs below nought", () => {
  expect([59, 61, 3_600, 3_725, 90_000].map((s) => span(s * 1e6))).toEqual([
    "59 s",
    "1 min",
    "1 h",
    "1 h 2 min",
    "1 d 1 h",
  ]);
  expect([247, -31, 3_725].map((s) => countdown(s * 1e6))).toEqual(["4:07", "−0:31", "1:02:05"]);
});

test("a string that nobody wrote shows its name", () => expect(t("nobody.wrote")).toBe("nobody.wrote"));
