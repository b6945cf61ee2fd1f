/** What is drawn over what, and how: one list of layers for a palette, from the ground up. Whether a volume is drawn at a moment is its feature state `on`. */

import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";

import { DASHES, PARTY_COLOURS, type Palette } from "./palette.js";

export const SOURCES = [
  "land",
  "coasts",
  "borders",
  "graticule",
  "names",
  "places",
  "volumes",
  "labels",
  "measure",
] as const;

/** Layers that a click on a volume may hit. */
export const VOLUME_FILLS = ["volumes-full", "volumes-general", "volumes-existence"];

/** What is written and marked beside volumes. */
export const LABEL_LAYERS = ["labels", "symbols", "symbols-marked"] as const;

/** Up to this order (what is chosen, CONFLICT, POSSIBLE) symbols are drawn whether there is room or not. */
const MARKED = 2;

type Expression = ExpressionSpecification;

const ON: Expression = ["boolean", ["feature-state", "on"], false];
const SELECTED: Expression = ["boolean", ["feature-state", "selected"], false];

export function layers(palette: Palette): LayerSpecification[] {
  const party = byParty(palette);
  const answer: Expression = ["match", ["get", "answer"], "CONFLICT", palette.conflict, palette.possible];
  return [
    { id: "water", type: "background", paint: { "background-color": palette.water } },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": palette.land, "fill-antialias": false } },
    line("graticule", "graticule", palette.graticule, 0.6),
    {
      ...line("borders", "borders", palette.border, 1),
      paint: { "line-color": palette.border, "line-width": 1, "line-dasharray": [4, 2] },
    },
    line("coasts", "coasts", palette.coast, 1),
    ...places(palette),
    ...volumes(party),
    {
      id: "volumes-line",
      type: "line",
      source: "volumes",
      layout: { "line-join": "round", "line-cap": "butt" },
      paint: {
        "line-color": party,
        "line-width": ["match", ["get", "level"], "own", 2.6, 1.6],
        "line-dasharray": [
          "match",
          ["get", "dash"],
          ...DASHES.slice(1).flatMap((dash, index) => [index + 1, ["literal", dash]]),
          ["literal", DASHES[0]],
        ] as unknown as Expression,
        "line-opacity": ["case", ON, 1, 0],
      },
    },
    {
      id: "volumes-answer",
      type: "line",
      source: "volumes",
      filter: ["in", ["get", "answer"], ["literal", ["CONFLICT", "POSSIBLE"]]],
      layout: { "line-join": "round" },
      paint: {
        "line-color": answer,
        "line-width": ["match", ["get", "answer"], "CONFLICT", 4, 2.5],
        "line-offset": -4,
        "line-opacity": ["case", ON, 0.85, 0],
      },
    },
    {
      id: "volumes-selected",
      type: "line",
      source: "volumes",
      layout: { "line-join": "round" },
      paint: {
        "line-color": palette.focus,
        "line-width": 3,
        "line-gap-width": 5,
        "line-opacity": ["case", SELECTED, 1, 0],
      },
    },
    {
      id: "measure",
      type: "line",
      source: "measure",
      layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": palette.text, "line-width": 1.8, "line-dasharray": [1, 1.8] },
    },
    {
      id: "measure-points",
      type: "circle",
      source: "measure",
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-radius": 3.5,
        "circle-color": palette.surface,
        "circle-stroke-color": palette.text,
        "circle-stroke-width": 1.6,
      },
    },
    image("graticule-names", "graticule", { "symbol-placement": "point" }),
    image("names", "names", { "symbol-sort-key": ["-", ["get", "size"]], "icon-padding": 12 }),
    image("places-names", "places", {}),
    image("labels", "labels", {
      "symbol-sort-key": ["get", "order"],
      "icon-image": ["get", "words"],
      "icon-anchor": "left",
      "icon-offset": [17, 0],
      "icon-padding": 1,
    }),
    {
      ...image("symbols", "labels", { "symbol-sort-key": ["get", "order"], "icon-padding": 0 }),
      filter: [">", ["get", "order"], MARKED],
    },
    {
      ...image("symbols-marked", "labels", { "symbol-sort-key": ["-", ["get", "order"]], "icon-allow-overlap": true }),
      filter: ["<=", ["get", "order"], MARKED],
    },
  ];
}

function byParty({ parties }: Palette): Expression {
  return [
    "match",
    ["get", "colour"],
    ...parties.slice(1).flatMap((colour, index) => [index + 1, colour]),
    parties[0],
  ] as unknown as Expression;
}

function volumes(party: Expression): LayerSpecification[] {
  const opacity = (shown: number): Expression => ["case", ON, ["case", SELECTED, Math.min(1, 1.9 * shown), shown], 0];
  const patterned = (level: string, pattern: string): LayerSpecification[] => [
    {
      id: `volumes-${level}`,
      type: "fill",
      source: "volumes",
      filter: ["==", ["get", "level"], level],
      paint: { "fill-pattern": ["concat", `${pattern}-`, ["get", "colour"]], "fill-opacity": opacity(0.55) },
    },
  ];
  return [
    {
      id: "volumes-full",
      type: "fill",
      source: "volumes",
      filter: ["in", ["get", "level"], ["literal", ["full", "own"]]],
      paint: { "fill-color": party, "fill-opacity": opacity(0.14), "fill-antialias": false },
    },
    ...patterned("general", "hatch"),
    ...patterned("existence", "dots"),
  ];
}

function places(palette: Palette): LayerSpecification[] {
  const colour: Expression = ["match", ["get", "place"], "hazards", palette.possible, palette.quiet];
  return [
    {
      id: "places-fill",
      type: "fill",
      source: "places",
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": colour, "fill-opacity": 0.07 },
    },
    {
      id: "places-line",
      type: "line",
      source: "places",
      filter: ["!=", ["geometry-type"], "Point"],
      paint: {
        "line-color": colour,
        "line-width": ["match", ["get", "place"], "lines", 2, 1.2],
        "line-dasharray": ["match", ["get", "place"], "lines", ["literal", [8, 2, 1.5, 2]], ["literal", [2, 2]]],
      },
    },
  ];
}

function line(
  id: string,
  source: string,
  colour: string,
  width: number,
): Extract<LayerSpecification, { type: "line" }> {
  return { id, type: "line", source, paint: { "line-color": colour, "line-width": width } };
}

function image(
  id: string,
  source: string,
  layout: Extract<LayerSpecification, { type: "symbol" }>["layout"],
): Extract<LayerSpecification, { type: "symbol" }> {
  return {
    id,
    type: "symbol",
    source,
    filter: ["has", "image"],
    layout: { "icon-image": ["get", "image"], ...layout },
    paint: { "icon-opacity": ["case", ["boolean", ["feature-state", "gone"], false], 0, 1] },
  };
}

export const PATTERNS = Array.from({ length: PARTY_COLOURS }, (_, colour) => colour);
