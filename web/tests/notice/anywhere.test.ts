import { expect, test } from "vitest";

import { generalise } from "../../src/notice/generalise.js";
import { readVolume } from "../../src/notice/index.js";
import { hex, sha256 } from "../../src/record/bytes.js";
import { canonical, DetenteError, type Json } from "../../src/record/index.js";
import { vectorText } from "../vectors.js";

interface Vector {
  readonly volume: Json;
  readonly cell_levels: readonly number[];
  readonly most_cells: number;
  readonly layer_m: number | null;
  readonly slot_us: number;
  readonly said: string;
}

const VECTORS = JSON.parse(vectorText("generaliser/anywhere/volumes.json")) as readonly Vector[];

async function saidOf({ volume, cell_levels, most_cells, layer_m, slot_us }: Vector): Promise<string> {
  const grid = { cellLevels: cell_levels, layerM: layer_m, slotUs: slot_us, mostCells: most_cells };
  try {
    const told = generalise(readVolume(volume, "volume"), grid);
    return hex(await sha256(canonical(told as unknown as Json)));
  } catch (error) {
    if (error instanceof DetenteError) return error.name;
    throw error;
  }
}

test("volumes drawn at random anywhere on Earth come out as in Python, to the last bit", async () => {
  expect(VECTORS.length).toBe(160);
  expect(await Promise.all(VECTORS.map(saidOf))).toEqual(VECTORS.map(({ said }) => said));
});
