/**
 * What the console says, in the language chosen: every string stands in `words/<language>/<area>.json`, and is called by `area.name`.
 *
 * A string that a language lacks is shown in English, and a test finds it. Plurals are objects by the categories of Intl.PluralRules, chosen by `count`.
 */

export const LANGUAGES = { en: "English", ru: "Русский", he: "עברית", ar: "العربية" } as const;
export type Language = keyof typeof LANGUAGES;
export type Direction = "ltr" | "rtl";
export type Given = Readonly<Record<string, string | number>>;

/** A string, or one for each category of number. */
type Entry = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>;

const FILES = import.meta.glob<Readonly<Record<string, Entry>>>("./*/*.json", { eager: true, import: "default" });

const ENTRIES: ReadonlyMap<string, Entry> = new Map(
  Object.entries(FILES).flatMap(([path, entries]) => {
    const [, language = "", area = ""] = /^\.\/(\w+)\/(\w+)\.json$/.exec(path) ?? [];
    return Object.entries(entries).map(([name, entry]) => [`${language}:${area}.${name}`, entry] as const);
  }),
);

const chosen = $state<{ language: Language }>({ language: "en" });

export function language(): Language {
  return chosen.language;
}

export function direction(of: Language = chosen.language): Direction {
  return of === "he" || of === "ar" ? "rtl" : "ltr";
}

export function chooseLanguage(to: Language): void {
  chosen.language = to;
  if (typeof document === "undefined") return;
  document.documentElement.lang = to;
  document.documentElement.dir = direction(to);
}

/** The language that the browser asks for, as far as we speak it. */
export function preferredLanguage(asked: readonly string[]): Language {
  const known = asked.map((tag) => tag.split("-")[0] ?? "").find((tag) => tag in LANGUAGES);
  return (known ?? "en") as Language;
}

/** A string, filled in. Numbers are written as the language writes them. A key that nobody wrote is shown as it is. */
export function t(key: string, given: Given = {}): string {
  const entry = ENTRIES.get(`${chosen.language}:${key}`) ?? ENTRIES.get(`en:${key}`);
  if (entry === undefined) return key;
  return filled(typeof entry === "string" ? entry : inNumber(entry, given), given);
}

/** Whether a string of that name was written, for what the server names. */
export function has(key: string): boolean {
  return ENTRIES.has(`en:${key}`);
}

function inNumber(entry: Exclude<Entry, string>, given: Given): string {
  const category = new Intl.PluralRules(chosen.language).select(Number(given["count"] ?? 0));
  return entry[category] ?? entry.other ?? "";
}

function filled(text: string, given: Given): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = given[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? number(value) : value;
  });
}

/** A number as the language writes it, with Western digits: what is read out by voice is read the same by all. */
export function number(value: number, options: Intl.NumberFormatOptions = {}): string {
  return new Intl.NumberFormat(locale(), options).format(value);
}

/** Tag for Intl, with the digits and the calendar that charts and logs use. */
export function locale(): string {
  return `${chosen.language === "en" ? "en-GB" : chosen.language}-u-nu-latn-ca-gregory`;
}
