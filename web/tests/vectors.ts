/** The vectors that the Python tests read, too: tests/vectors, each folder with its provenance. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { Bytes } from "../src/record/bytes.js";

const FOLDER = new URL("../../tests/vectors/", import.meta.url);

export function vectorBytes(name: string): Bytes {
  return new Uint8Array(readFileSync(new URL(name, FOLDER)));
}

export function vectorText(name: string): string {
  return readFileSync(new URL(name, FOLDER), "utf8");
}

export function vectorNames(folder: string): string[] {
  return readdirSync(fileURLToPath(new URL(folder, FOLDER))).sort();
}

/** The rows of a CSV without quoted cells, by its header. */
export function vectorRows(name: string): Record<string, string>[] {
  const [header = "", ...lines] = vectorText(name).trimEnd().split(/\r?\n/);
  const names = header.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, index) => [names[index] ?? "", cell])));
}
