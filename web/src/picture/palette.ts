/** The map's colours, read from the style sheet as they are computed where the picture stands, so that light, dark and what the page sets all hold. */

/** How one party's volumes are drawn. Colours repeat after eight parties, dashes after six, and so the two together after twenty-four. */
export interface PartyStyle {
  readonly colour: number;
  readonly dash: number;
}

export const DASHES: readonly (readonly number[])[] = [
  [1, 0],
  [5, 2],
  [1.2, 1.6],
  [6, 1.6, 1.2, 1.6],
  [2.5, 2],
  [9, 2, 2.5, 2],
];

const NAMES = {
  water: "--picture-water",
  land: "--picture-land",
  coast: "--picture-coast",
  border: "--picture-border",
  graticule: "--picture-graticule",
  symbol: "--picture-symbol",
  unknown: "--picture-unknown",
  surface: "--surface",
  line: "--line",
  text: "--text",
  quiet: "--quiet",
  accent: "--accent",
  focus: "--focus",
  possible: "--possible",
  conflict: "--conflict",
} as const;

export const PARTY_COLOURS = 8;

export type Palette = Readonly<Record<keyof typeof NAMES, string>> & {
  readonly parties: readonly string[];
  readonly dark: boolean;
};

/** The colours that hold at an element now. */
export function paletteAt(element: HTMLElement): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const named = Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, read(name)])) as Record<
    keyof typeof NAMES,
    string
  >;
  const parties = Array.from({ length: PARTY_COLOURS }, (_, index) => read(`--party-${index + 1}`));
  probe.remove();
  return { ...named, parties, dark: lightness(named.land) < 0.5 };
}

/** Calls back when the colours may have changed; returns what ends that. */
export function watchPalette(changed: () => void): () => void {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class", "style"] });
  scheme.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    scheme.removeEventListener("change", changed);
  };
}

/** Parties in their order take colours and dashes in theirs. */
export function partyStyle(index: number): PartyStyle {
  return { colour: index % PARTY_COLOURS, dash: index % DASHES.length };
}

function lightness(rgb: string): number {
  const [r = 0, g = 0, b = 0] = rgb.match(/[\d.]+/g)?.map(Number) ?? [];
  return (0.3 * r + 0.6 * g + 0.1 * b) / 255;
}
