import { describe, expect, test } from "vitest";

import {
  type Activity,
  agreedLevels,
  type Levels,
  type NoticeForm,
  readGrids,
  readNotice,
  readView,
  type ReleaseTerms,
  USUAL_GRIDS,
} from "../../src/notice/index.js";
import { canonical, DetenteError, type Json } from "../../src/record/index.js";
import { vectorText } from "../vectors.js";

interface Wrong {
  readonly notice: NoticeForm;
  readonly changes: readonly {
    readonly path: readonly (string | number)[];
    readonly value: Json;
    readonly family: string;
  }[];
}

interface Agreed extends ReleaseTerms {
  readonly cases: readonly {
    readonly sender: string;
    readonly activity: Activity;
    readonly chosen: Levels;
    readonly levels?: Levels;
    readonly refused?: { readonly what: string; readonly hint: string };
  }[];
}

const WRONG = JSON.parse(vectorText("release/forms/wrong.json")) as Wrong;
const AGREED = JSON.parse(vectorText("release/levels/agreed.json")) as readonly Agreed[];

function changed(path: readonly (string | number)[], value: Json): Json {
  const form = structuredClone(WRONG.notice) as unknown as Record<string | number, unknown>;
  const inner = path.slice(0, -1).reduce((at, name) => at[name] as Record<string | number, unknown>, form);
  inner[path.at(-1) ?? ""] = value;
  return form as unknown as Json;
}

function caught(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe("forms are read strictly", () => {
  test("a sound notice is read as it is", () => {
    const notice = WRONG.notice as unknown as Json;
    expect(canonical(readNotice(notice, "") as unknown as Json)).toEqual(canonical(notice));
  });

  test.each(WRONG.changes.map((change) => [`${change.path.join(".")} = ${JSON.stringify(change.value)}`, change]))(
    "%s is refused as Python refuses it, and its place is named",
    (_, { path, value, family }) => {
      const error = caught(() => readNotice(changed(path, value), "notice"));
      expect(error).toBeInstanceOf(DetenteError);
      const { name, where } = error as DetenteError;
      expect(name).toBe(family);
      const place = path.reduce<string>((at, step) => at + (typeof step === "number" ? `[${step}]` : `.${step}`), "");
      const full = `notice${place}`;
      const isThere = full.startsWith(where) || where.startsWith(full);
      expect(isThere || (full === "notice.activity" && where === "notice.details")).toBe(true);
    },
  );

  test("what may be missing is filled in with what it means", () => {
    const bare = {
      ...WRONG.notice,
      details: { purpose: "food" },
      volumes: [
        {
          footprint: {
            shape: "polygon",
            shell: WRONG.notice.volumes
              .flatMap(() => [
                [0, 0],
                [0, 1],
                [1, 1],
              ])
              .slice(0, 3),
          },
          altitude_lower: { reference: "UNSTATED" },
          altitude_upper: { reference: "UNL" },
          window: { start_us: null, end_us: null },
        },
      ],
    };
    const [volume] = readNotice(bare as unknown as Json, "").volumes;
    expect(volume).toMatchObject({
      footprint: { holes: [] },
      altitude_lower: { value_m: null },
      window: { start_stated: true, end_stated: true },
      position_uncertainty_m: 0,
    });
  });

  test("a view that shows what its level hides is refused", () => {
    const { party, ...told } = WRONG.notice;
    const view = {
      ...told,
      recipient: party,
      view_id: "0".repeat(32),
      version: 1,
      commitment: "0".repeat(64),
      generaliser: 0,
      marking: {},
    };
    expect(readView({ ...view, level: "full" } as unknown as Json, "view").marking.tlp).toBeNull();
    for (const level of ["general", "existence"]) {
      expect(() => readView({ ...view, level } as unknown as Json, "view")).toThrow(`a view of level ${level} shows`);
    }
  });

  test("grids that are none are refused", () => {
    expect(readGrids(USUAL_GRIDS as unknown as Json, "")).toEqual(USUAL_GRIDS);
    for (const wrong of [{ general_levels: [4] }, { general_levels: [] }, { existence_level: 2 }, { slot_s: 0 }]) {
      expect(() => readGrids({ ...USUAL_GRIDS, ...wrong }, "grids")).toThrow("grids");
    }
  });
});

test("at which level everybody is told is as Python has it", () => {
  for (const { cases, ...terms } of AGREED) {
    for (const { sender, activity, chosen, levels, refused } of cases) {
      const told = caught(() => agreedLevels(terms, { activity }, sender, chosen));
      expect(told instanceof DetenteError ? { what: told.what, hint: told.hint } : told).toEqual(
        refused ? { what: refused.what, hint: refused.hint } : levels,
      );
    }
  }
  expect(AGREED.flatMap(({ cases }) => cases).length).toBe(2 * 4 * 12 * 4);
});
