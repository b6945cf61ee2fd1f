// Where the window looks on the chart, and how it moves there.
const canvas = byId("canvas");
const view = { x: 0, y: 0, scale: 1, width: 1, height: 1, ratio: 1 };
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SMALLEST_SPAN_M = 500, LARGEST_SPAN = 14; // the window's width: in metres, and in chart units

const toScreen = (x, y) => [(x - view.x) * view.scale + view.width / 2, view.height / 2 - (y - view.y) * view.scale];
const fromScreen = (px, py) => [view.x + (px - view.width / 2) / view.scale, view.y - (py - view.height / 2) / view.scale];

function clampView(next) {
  const widest = Math.min(view.width, view.height);
  next.scale = Math.max(widest / LARGEST_SPAN, Math.min(next.scale, (widest * EARTH_M) / SMALLEST_SPAN_M));
  next.x = Math.max(-6, Math.min(6, next.x));
  next.y = Math.max(-6, Math.min(6, next.y));
  return next;
}

/** The part of the window that nothing covers: right of the open legend, above the open sheet. Pixels. */
function openPart() {
  const map = canvas.getBoundingClientRect(), legend = byId("legend").getBoundingClientRect(), panel = byId("panel").getBoundingClientRect();
  const left = byId("legend").open && map.width > 640 ? legend.right - map.left : 0;
  const covered = panel.width > 0.9 * map.width ? Math.max(0, map.bottom - (byId("panel").classList.contains("open") ? innerHeight - openSheetHeight() : panel.top)) : 0;
  return { left, width: view.width - left, height: Math.max(80, view.height - covered) };
}
const openSheetHeight = () => Math.min(0.66 * byId("panel").parentElement.clientHeight, 560);

/** The view that shows a box in the open part, with room around it. */
function viewOf(box, share = 0.86) {
  const wide = Math.max(box[2] - box[0], 2e-4), high = Math.max(box[3] - box[1], 2e-4), open = openPart();
  const target = clampView({ x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2, scale: share * Math.min(open.width / wide, open.height / high) });
  target.x += (view.width / 2 - (open.left + open.width / 2)) / target.scale;
  target.y += (open.height / 2 - view.height / 2) / target.scale;
  return target;
}

let flight = 0;
let untouched = true; // until somebody moves the map, a window that changes size still shows everything
function flyTo(target, duration_ms = 450) {
  cancelAnimationFrame(flight);
  untouched = false;
  if (calm.matches || duration_ms === 0) {
    Object.assign(view, target);
    return redraw();
  }
  const from = { ...view }, started = performance.now();
  const step = (now) => {
    const t = Math.min(1, (now - started) / duration_ms), eased = t * t * (3 - 2 * t);
    view.scale = from.scale * (target.scale / from.scale) ** eased;
    view.x = from.x + (target.x - from.x) * eased;
    view.y = from.y + (target.y - from.y) * eased;
    redraw(t < 1);
    if (t < 1) flight = requestAnimationFrame(step);
  };
  flight = requestAnimationFrame(step);
}

function zoomAt(px, py, factor) {
  cancelAnimationFrame(flight);
  untouched = false;
  const [x, y] = fromScreen(px, py);
  Object.assign(view, clampView({ ...view, scale: view.scale * factor }));
  const [nx, ny] = fromScreen(px, py);
  Object.assign(view, clampView({ ...view, x: view.x + x - nx, y: view.y + y - ny }));
  redraw(true);
}

function panBy(dx, dy) {
  cancelAnimationFrame(flight);
  untouched = false;
  Object.assign(view, clampView({ ...view, x: view.x - dx / view.scale, y: view.y + dy / view.scale }));
  redraw(true);
}

/** Take the canvas's size from the page. A surface whose size is set loses its picture, so that happens only where it changed;
 *  who calls this paints before the browser does. */
function measure() {
  const box = canvas.getBoundingClientRect();
  view.ratio = Math.min(window.devicePixelRatio || 1, 2);
  view.width = Math.max(1, box.width);
  view.height = Math.max(1, box.height);
  for (const surface of [canvas, picture]) {
    const wide = Math.round(view.width * view.ratio), high = Math.round(view.height * view.ratio);
    if (surface.width !== wide) surface.width = wide;
    if (surface.height !== high) surface.height = high;
  }
}
