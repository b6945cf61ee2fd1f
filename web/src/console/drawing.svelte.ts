/** What is being drawn on the picture, and for whom: the page beside it asks, the picture draws. */

import { untrack } from "svelte";

import type { VolumeForm } from "../notice/index.js";

export interface Asked {
  readonly kind: "polygon" | "circle" | "line";
  readonly ondrawn: (points: readonly (readonly [number, number])[], radiusM: number | null) => void;
}

let current = $state.raw<{ readonly asked: Asked | null; readonly draft: readonly VolumeForm[] }>({
  asked: null,
  draft: [],
});

export function asked(): Asked | null {
  return current.asked;
}

/** The volumes of the draft that is open, which the picture shows as ours. */
export function draftVolumes(): readonly VolumeForm[] {
  return current.draft;
}

export function ask(wanted: Asked | null): void {
  current = { ...untrack(() => current), asked: wanted };
}

export function showDraft(volumes: readonly VolumeForm[]): void {
  current = { ...untrack(() => current), draft: volumes };
}
