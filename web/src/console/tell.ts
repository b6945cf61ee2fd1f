/** Plans in words: where, how high, when; as stated, in the units and the format that this browser shows. */

import { writeDistance, writeLimit, writePosition } from "../geodesy/write.js";
import type { FootprintForm, Place, VolumeForm } from "../notice/forms.js";
import { t } from "../words/index.svelte.js";
import { clock } from "../words/when.js";
import { settings } from "./settings.svelte.js";

export function positionText([latitudeDeg, longitudeDeg]: Place): string {
  return writePosition(latitudeDeg, longitudeDeg, settings.coordinates);
}

export function altitudeText({ altitude_lower, altitude_upper }: VolumeForm): string {
  const unstated = t("tell.not_stated");
  const [lower, upper] = [altitude_lower, altitude_upper].map((limit) => writeLimit(limit, settings.units) || unstated);
  if (lower === unstated && upper === unstated) return t("tell.any_altitude");
  if (altitude_lower.reference === "UNL") return `${t("tell.no_floor")} – ${upper ?? ""}`;
  return `${lower ?? ""} – ${upper ?? ""}`;
}

export function windowText({ window }: VolumeForm, nowUs: number): string {
  const start = window.start_us === null ? t("tell.not_stated") : clock(window.start_us, nowUs);
  const end = window.end_us === null ? t("tell.not_stated") : clock(window.end_us, nowUs);
  return `${start} – ${end}`;
}

export function footprintText(footprint: FootprintForm): string {
  switch (footprint.shape) {
    case "circle":
      return t("tell.circle", {
        at: positionText(footprint.centre),
        radius: writeDistance(footprint.radius_m, settings.units),
      });
    case "corridor": {
      const width = writeDistance(2 * footprint.half_width_m, settings.units);
      return t("tell.corridor", { from: endOf(footprint.centre_line, 0), to: endOf(footprint.centre_line, -1), width });
    }
    case "orbit":
      return t("tell.orbit", {
        from: positionText(footprint.first),
        to: positionText(footprint.second),
        width: writeDistance(footprint.width_m, settings.units),
      });
    case "polygon":
      return t("tell.polygon", { count: footprint.shell.length, at: endOf(footprint.shell, 0) });
    case "multipolygon":
      return t("tell.areas", {
        count: footprint.parts.length,
        ...cornersOf(footprint.parts.flatMap(({ shell }) => shell)),
      });
  }
}

function endOf(places: readonly Place[], index: number): string {
  const place = places.at(index);
  return place === undefined ? "" : positionText(place);
}

/** The south-west and north-east corners of a box around places; over the antimeridian the longitudes run on from the first place. */
function cornersOf(places: readonly Place[]): { from: string; to: string } {
  const first = places[0]?.[1] ?? 0;
  const latitudes = places.map(([latitude]) => latitude);
  const longitudes = places.map(([, longitude]) => first + near(longitude - first));
  return {
    from: positionText([Math.min(...latitudes), near(Math.min(...longitudes))]),
    to: positionText([Math.max(...latitudes), near(Math.max(...longitudes))]),
  };
}

/** The same angle from −180° to 180°. */
function near(degrees: number): number {
  return ((((degrees + 180) % 360) + 360) % 360) - 180;
}
