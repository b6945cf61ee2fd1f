// The chart everything is drawn on: stereographic, north up at the middle of the plans, on a sphere of radius 1.
// The poles and the antimeridian are places like any other on it. Source: Snyder, USGS Professional Paper 1395, 21.
const RADIANS = Math.PI / 180;
const EARTH_M = 6371008.8;
const middle = { lat: answer.centre[0], lon: answer.centre[1], sin: Math.sin(answer.centre[0] * RADIANS), cos: Math.cos(answer.centre[0] * RADIANS) };

/** Degrees to [east, north]. */
function toChart(lat, lon) {
  const sin = Math.sin(lat * RADIANS), cos = Math.cos(lat * RADIANS), turn = (lon - middle.lon) * RADIANS;
  const nearness = 1 + middle.sin * sin + middle.cos * cos * Math.cos(turn);
  if (nearness < 1e-12) return [0, 2e6]; // the antipode
  const stretch = 2 / nearness;
  return [stretch * cos * Math.sin(turn), stretch * (middle.cos * sin - middle.sin * cos * Math.cos(turn))];
}

/** [east, north] to [latitude, longitude] in degrees. */
function fromChart(x, y) {
  const square = (x * x + y * y) / 4, scale = 1 / (1 + square), ahead = (1 - square) * scale;
  const lat = Math.asin(Math.max(-1, Math.min(1, ahead * middle.sin + y * scale * middle.cos))) / RADIANS;
  const turn = Math.atan2(x * scale, ahead * middle.cos - y * scale * middle.sin) / RADIANS;
  return [lat, ((((middle.lon + turn + 180) % 360) + 360) % 360) - 180];
}

/** Metres on the ground of one chart unit, at a point of the chart. */
function metresPerUnit(x, y) {
  return EARTH_M / (1 + (x * x + y * y) / 4);
}

/** A line packed as whole steps (latitude, longitude, latitude, …), each from the last, to chart coordinates. */
function unpack(steps, perDegree = 1e5) {
  const xy = new Float64Array(steps.length);
  let lat = 0, lon = 0;
  for (let i = 0; i < steps.length; i += 2) {
    lat += steps[i];
    lon += steps[i + 1];
    [xy[i], xy[i + 1]] = toChart(lat / perDegree, lon / perDegree);
  }
  return xy;
}

function addLine(path, xy, closed) {
  path.moveTo(xy[0], xy[1]);
  for (let i = 2; i < xy.length; i += 2) path.lineTo(xy[i], xy[i + 1]);
  if (closed) path.closePath();
}

/** One path and its box [west, south, east, north], of rings or lines. */
function shape(lines, closed = true, perDegree = 1e5) {
  const path = new Path2D(), box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const steps of lines) {
    const xy = unpack(steps, perDegree);
    addLine(path, xy, closed);
    for (let i = 0; i < xy.length; i += 2) {
      box[0] = Math.min(box[0], xy[i]); box[1] = Math.min(box[1], xy[i + 1]);
      box[2] = Math.max(box[2], xy[i]); box[3] = Math.max(box[3], xy[i + 1]);
    }
  }
  return { path, box };
}

function joinBoxes(boxes) {
  return boxes.reduce((a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])], [Infinity, Infinity, -Infinity, -Infinity]);
}

const degrees = (value, digits, letters) => `${Math.abs(value).toFixed(digits)}°${letters[value < 0 ? 1 : 0]}`;

function dms(value, width, letters) {
  const seconds = Math.round(Math.abs(value) * 3600), letter = letters[value < 0 ? 1 : 0];
  return `${String(Math.floor(seconds / 3600)).padStart(width, "0")}°${two(Math.floor(seconds / 60) % 60)}′${two(seconds % 60)}″${letter}`;
}
