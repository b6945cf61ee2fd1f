// Hands on the map: mouse, touch, pinch and keyboard; and the start.
const touches = new Map();
let pinch = null, travelled = 0;

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  touches.set(event.pointerId, [event.offsetX, event.offsetY]);
  travelled = touches.size > 1 ? 99 : 0;
  pinch = null;
  canvas.classList.add("dragging");
});

canvas.addEventListener("pointermove", (event) => {
  const now = [event.offsetX, event.offsetY], before = touches.get(event.pointerId);
  if (event.pointerType === "mouse") pointAt(...now);
  if (!before) return;
  touches.set(event.pointerId, now);
  travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
  if (touches.size === 1 && travelled > 4) panBy(now[0] - before[0], now[1] - before[1]);
  if (touches.size === 2) pinched();
});

function pinched() {
  const [a, b] = [...touches.values()], next = { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, apart: Math.max(20, Math.hypot(a[0] - b[0], a[1] - b[1])) };
  if (pinch) {
    panBy(next.x - pinch.x, next.y - pinch.y);
    zoomAt(next.x, next.y, next.apart / pinch.apart);
  }
  pinch = next;
}

function lift(event) {
  const was = touches.get(event.pointerId);
  touches.delete(event.pointerId);
  pinch = null;
  if (touches.size === 0) canvas.classList.remove("dragging");
  if (was && travelled <= 4 && event.type === "pointerup") tapAt(...was);
}
canvas.addEventListener("pointerup", lift);
canvas.addEventListener("pointercancel", lift);
canvas.addEventListener("pointerleave", () => { byId("pointer").textContent = ""; });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0016)));
}, { passive: false });
canvas.addEventListener("dblclick", (event) => zoomAt(event.offsetX, event.offsetY, 2));

function pointAt(px, py) {
  const [lat, lon] = fromChart(...fromScreen(px, py));
  byId("pointer").textContent = `${degrees(lat, 4, "NS")} ${degrees(lon, 4, "EW")}  ·  ${dms(lat, 2, "NS")} ${dms(lon, 3, "EW")}`;
  canvas.classList.toggle("over", placedBadges.some((b) => onBadge(b, px, py)));
}

const onBadge = (badge, px, py, slack = 3) => Math.abs(px - badge.x) <= badge.width / 2 + slack && Math.abs(py - badge.y) <= 10 + slack;

/** What lies under a place on the map: a conflict's number first, then areas, then plans, the smallest first. */
function under(px, py) {
  const number = placedBadges.find((b) => onBadge(b, px, py, 6));
  if (number) return [{ meeting: number.meeting, pair: number.pair }];
  const [x, y] = fromScreen(px, py), probe = picture.getContext("2d");
  probe.save();
  probe.setTransform(1, 0, 0, 1, 0, 0);
  const reach = 4 / view.scale, inBox = ({ box }) => x >= box[0] - reach && x <= box[2] + reach && y >= box[1] - reach && y <= box[3] + reach;
  const small = ({ box }) => (box[2] - box[0]) * view.scale < 10 && (box[3] - box[1]) * view.scale < 10;
  const hit = (thing) => inBox(thing) && (small(thing) || probe.isPointInPath(thing.path, x, y, "evenodd"));
  const pairs = answer.meetings.flatMap((meeting) => meeting.pairs.filter((pair) => pair.area && activeAt(pair, state.time) && hit(pair.area)).slice(0, 1).map((pair) => ({ meeting, pair })));
  const notices = new Set(volumes.filter((v) => activeAt(v, state.time) && hit(v)).sort((a, b) => a.size - b.size).map((v) => v.notice));
  probe.restore();
  return [...pairs, ...[...notices].map((notice) => ({ notice }))];
}

function tapAt(px, py) {
  const found = under(px, py);
  if (!found.length) return choose(null);
  openSheet(true);
  if (found.length > 1) return choose({ kind: "several", found: found.slice(0, 40) });
  const [{ meeting, pair, notice }] = found;
  choose(meeting ? { kind: "meeting", meeting, pair } : { kind: "notice", notice });
}

const KEYS = {
  ArrowLeft: () => panBy(80, 0), ArrowRight: () => panBy(-80, 0), ArrowUp: () => panBy(0, 80), ArrowDown: () => panBy(0, -80),
  "+": () => zoomAt(view.width / 2, view.height / 2, 1.4), "=": () => zoomAt(view.width / 2, view.height / 2, 1.4), "-": () => zoomAt(view.width / 2, view.height / 2, 1 / 1.4),
};
const ANYWHERE = {
  0: () => fitAll(), n: () => stepMeeting(1), p: () => stepMeeting(-1), t: () => switchTheme(), a: () => setTime(null),
  " ": () => span && play(!state.playing), Escape: () => choose(null),
};
canvas.addEventListener("keydown", (event) => press(event, KEYS));
document.addEventListener("keydown", (event) => {
  if (!event.target.closest("button, input, summary, a") || event.key === "Escape") press(event, ANYWHERE);
});

function press(event, keys) {
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
}

byId("tabs").addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key], tabs = [...byId("tabs").children];
  if (!by) return;
  const next = tabs[(tabs.indexOf(document.activeElement) + by + tabs.length) % tabs.length];
  next.click();
  next.focus();
});

function fitAll(duration_ms = 450) {
  const box = wholeBox();
  flyTo(Number.isFinite(box[0]) ? viewOf(box) : clampView({ x: 0, y: 0, scale: 100 }), duration_ms);
  untouched = true;
}

const systemDark = matchMedia("(prefers-color-scheme: dark)");
function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").textContent = dark ? "Light" : "Dark";
  readInk();
  fillLists();
  openList(listOpen);
  fillLegend();
  stripPicture = null;
  paintStrip();
  choose(state.selected);
}
const switchTheme = () => setTheme(document.documentElement.dataset.theme !== "dark");
byId("theme").addEventListener("click", switchTheme);
systemDark.addEventListener("change", () => setTheme(systemDark.matches));

byId("fit").addEventListener("click", () => fitAll());
byId("zoom-in").addEventListener("click", KEYS["+"]);
byId("zoom-out").addEventListener("click", KEYS["-"]);
byId("play").addEventListener("click", () => play(!state.playing));
byId("all").addEventListener("click", () => { play(false); setTime(state.time == null && span ? span.start : null); });
slider.addEventListener("input", () => { play(false); setTime(Number(slider.value)); });
byId("sheet").addEventListener("click", () => openSheet(!byId("panel").classList.contains("open")));
let sheetFrom = null;
byId("sheet").addEventListener("pointerdown", (event) => { sheetFrom = event.clientY; byId("sheet").setPointerCapture(event.pointerId); });
byId("sheet").addEventListener("pointermove", (event) => {
  if (sheetFrom == null || Math.abs(event.clientY - sheetFrom) < 24) return;
  openSheet(event.clientY < sheetFrom);
  sheetFrom = event.clientY;
});

/** The browser tells of a new size after layout and before it paints, so what is painted here is what is shown. */
function resized() {
  measure();
  if (untouched) fitAll(0);
  stripPicture = null;
  paintStrip();
  paintNow();
}
addEventListener("beforeprint", fillPrint);
for (const surface of [canvas, strip]) surface.addEventListener("contextrestored", resized);
document.addEventListener("visibilitychange", resized);
addEventListener("pageshow", resized);

/** The slider's thumb is invisible; the range is inset so that its travel is that of the drawn moment. */
function startSlider() {
  byId("time").hidden = !span;
  if (!span) return;
  slider.min = span.start;
  slider.max = span.end;
  slider.step = span.end - span.start > 1800 ? 60 : 1;
}

startSlider();
fillHead();
byId("legend").open = innerWidth > 1500;
byId("legend").addEventListener("toggle", () => redraw());
measure();
setTheme(systemDark.matches);
setTime(null);
resized();
for (const sized of ["map", "strip"]) new ResizeObserver(resized).observe(byId(sized));
