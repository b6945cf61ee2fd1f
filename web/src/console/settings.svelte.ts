/** How this browser shows things; nothing of it is secret, and none of it leaves the machine. */

import { chooseLanguage, type Language, LANGUAGES, preferredLanguage } from "../words/index.svelte.js";

export type Theme = "auto" | "light" | "dark";
export type CoordinateFormat = "dms" | "ddm" | "dd" | "mgrs";
export type Units = "aviation" | "metric"; // NM and ft, or km and m

export interface Settings {
  language: Language;
  theme: Theme;
  coordinates: CoordinateFormat;
  units: Units;
  sound: boolean;
}

const KEY = "detente.settings";
const DEFAULTS: Settings = { language: "en", theme: "auto", coordinates: "dms", units: "aviation", sound: true };
const CHOICES: { readonly [name in keyof Settings]: readonly Settings[name][] } = {
  language: Object.keys(LANGUAGES) as Language[],
  theme: ["auto", "light", "dark"],
  coordinates: ["dms", "ddm", "dd", "mgrs"],
  units: ["aviation", "metric"],
  sound: [true, false],
};

export const settings = $state<Settings>({ ...DEFAULTS });

/** What was chosen before, and else what the browser asks for. */
export function loadSettings(): void {
  const kept = read();
  Object.assign(settings, DEFAULTS, { language: preferredLanguage(navigator.languages) }, kept);
  apply();
}

export function change<Name extends keyof Settings>(name: Name, to: Settings[Name]): void {
  settings[name] = to;
  localStorage.setItem(KEY, JSON.stringify(settings));
  apply();
}

function apply(): void {
  chooseLanguage(settings.language);
  const root = document.documentElement;
  if (settings.theme === "auto") delete root.dataset["theme"];
  else root.dataset["theme"] = settings.theme;
}

/** Only what is a choice today: another version may have kept something else. */
function read(): Partial<Settings> {
  let kept: unknown;
  try {
    kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
  if (typeof kept !== "object" || kept === null) return {};
  const known = Object.entries(kept).filter(
    ([name, value]) => name in CHOICES && (CHOICES[name as keyof Settings] as readonly unknown[]).includes(value),
  );
  return Object.fromEntries(known);
}
