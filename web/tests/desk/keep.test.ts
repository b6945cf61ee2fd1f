import "fake-indexeddb/auto";
import { openDB } from "idb";
import { expect, test } from "vitest";

import { forget, keepHeard, openKept } from "../../src/desk/keep.js";

const event = (id: string, data = "{}") => ({ kind: "view", data, id, known: `${id} ${data}` });

test("an event is kept once over two tabs, in the order in which it was told", async () => {
  const [one, other] = [await openKept("levant", "A"), await openKept("levant", "A")];
  expect(await keepHeard(one, event("z"))).toBe(true);
  const both = await Promise.all([keepHeard(one, event("b")), keepHeard(other, event("b"))]);
  expect(both.filter(Boolean)).toHaveLength(1);
  expect(await keepHeard(other, event("a"))).toBe(true);
  expect((await one.getAll("heard")).map(({ id }) => id)).toEqual(["z", "b", "a"]);
  for (const each of [one, other]) each.close();
});

test("what a host restored from a backup says in a place that was taken is kept beside what it had said", async () => {
  const kept = await openKept("levant", "B");
  await keepHeard(kept, event("a", "before"));
  await keepHeard(kept, event("a", "after"));
  expect((await kept.getAll("heard")).map(({ data }) => data)).toEqual(["before", "after"]);
  kept.close();
});

test("the newest are kept, and the last place with them", async () => {
  const kept = await openKept("levant", "C");
  for (const id of ["a", "b", "c", "d"]) await keepHeard(kept, event(id), 2);
  expect((await kept.getAll("heard")).map(({ id }) => id)).toEqual(["c", "d"]);
  kept.close();
});

test("signing out takes along what others told us, and leaves what only this browser knows", async () => {
  const kept = await openKept("levant", "D");
  await keepHeard(kept, event("a"));
  await kept.put("drafts", { id: "one", form: {}, changedUs: 1 });
  await forget("levant", "D", false);
  expect(await kept.count("heard")).toBe(0);
  expect(await kept.count("drafts")).toBe(1);
  kept.close();
});

test("a database of the first version keeps what it holds, and does not keep a newer tab waiting", async () => {
  const old = await openDB("detente/levant/E", 1, {
    upgrade(db) {
      db.createObjectStore("membership");
      db.createObjectStore("notices", { keyPath: "noticeId" });
      db.createObjectStore("underWay", { keyPath: "submission" });
      db.createObjectStore("drafts", { keyPath: "id" });
      db.createObjectStore("notes");
    },
    blocking: (_own, _next, asked) => {
      (asked.target as IDBDatabase).close();
    },
  });
  await old.put("drafts", { id: "one", form: {}, changedUs: 1 });
  const kept = await openKept("levant", "E");
  expect(await kept.count("drafts")).toBe(1);
  expect(await keepHeard(kept, event("a"))).toBe(true);
  kept.close();
});
