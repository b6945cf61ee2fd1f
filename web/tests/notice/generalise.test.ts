import { describe, expect, test } from "vitest";

import type { AltitudeForm, FootprintForm, PartForm, Place, RingForm, VolumeForm } from "../../src/notice/forms.js";
import { type GeneralGrid, generalise, generalisedCells } from "../../src/notice/generalise.js";
import { idOf, token } from "../../src/notice/s2cells.js";
import { vectorNames, vectorText } from "../vectors.js";

interface WireVolume {
  readonly footprint: WireFootprint;
  readonly altitude_lower: { readonly reference: AltitudeForm["reference"]; readonly value_m?: number };
  readonly altitude_upper: { readonly reference: AltitudeForm["reference"]; readonly value_m?: number };
  readonly start_us: number | null;
  readonly end_us: number | null;
  readonly start_stated: boolean;
  readonly end_stated: boolean;
  readonly uncertainty: { readonly position_m: number; readonly altitude_m: number; readonly time_s: number };
}

type WireFootprint =
  | { readonly kind: "circle"; readonly centre: Place; readonly radius_m: number }
  | { readonly kind: "multipolygon"; readonly parts: readonly RingForm[][] }
  | {
      readonly kind: "corridor";
      readonly centre_line: RingForm;
      readonly half_width_m: number;
      readonly ends: "round" | "square";
    }
  | {
      readonly kind: "orbit";
      readonly anchors: readonly [Place, Place];
      readonly width_m: number;
      readonly alignment: "left" | "centre" | "right";
    };

interface Vector {
  readonly volume: WireVolume;
  readonly grid: {
    readonly cell_levels: readonly number[];
    readonly layer_m: number | null;
    readonly slot_us: number;
    readonly most_cells: number;
  };
  readonly cell_level: number;
  readonly cells: readonly string[];
  readonly generalised: WireVolume;
}

function footprintOf(wire: WireFootprint): FootprintForm {
  switch (wire.kind) {
    case "circle":
      return { shape: "circle", centre: wire.centre, radius_m: wire.radius_m };
    case "corridor": {
      const { centre_line, half_width_m, ends } = wire;
      return { shape: "corridor", centre_line, half_width_m, ends };
    }
    case "orbit": {
      const [first, second] = wire.anchors;
      return { shape: "orbit", first, second, width_m: wire.width_m, alignment: wire.alignment };
    }
    case "multipolygon":
      return { shape: "multipolygon", parts: wire.parts.map(partOf) };
  }
}

function partOf([shell = [], ...holes]: readonly RingForm[]): PartForm {
  return { shell, holes };
}

function volumeOf({ footprint, altitude_lower, altitude_upper, uncertainty, ...window }: WireVolume): VolumeForm {
  return {
    footprint: footprintOf(footprint),
    altitude_lower: { value_m: null, ...altitude_lower },
    altitude_upper: { value_m: null, ...altitude_upper },
    window,
    position_uncertainty_m: uncertainty.position_m,
    altitude_uncertainty_m: uncertainty.altitude_m,
    time_uncertainty_s: uncertainty.time_s,
  };
}

function gridOf({ cell_levels, layer_m, slot_us, most_cells }: Vector["grid"]): GeneralGrid {
  return { cellLevels: cell_levels, layerM: layer_m, slotUs: slot_us, mostCells: most_cells };
}

const NAMES = vectorNames("generaliser").filter((name) => name.endsWith(".json"));

describe("the vectors that the Python tests read, too", () => {
  test("are there", () => expect(NAMES.length).toBeGreaterThanOrEqual(25));

  test.each(NAMES)("%s comes out to the last bit", (name) => {
    const vector = JSON.parse(vectorText(`generaliser/${name}`)) as Vector;
    const [volume, grid] = [volumeOf(vector.volume), gridOf(vector.grid)];
    const [level, cells] = generalisedCells(volume, grid);
    expect(level).toBe(vector.cell_level);
    expect(
      cells
        .map((cell) => idOf(cell, level))
        .sort((a, b) => (a < b ? -1 : 1))
        .map(token),
    ).toEqual(vector.cells);
    expect(generalise(volume, grid)).toEqual(volumeOf(vector.generalised));
  });

  test.each(NAMES)("%s stays as it is when it is generalised again", (name) => {
    const vector = JSON.parse(vectorText(`generaliser/${name}`)) as Vector;
    const once = volumeOf(vector.generalised);
    expect(generalise(once, gridOf(vector.grid))).toEqual(once);
  });
});
