// Drawing the map. The whole picture is drawn into `picture` and copied; where drawing takes longer than a frame,
// a moving map shows the last picture, moved, until it rests.
const picture = document.createElement("canvas");
const SLOW_MS = 22, REST_MS = 120, MOST_ROUTES = 120;
let ink = {}, drawn = null, cost_ms = 0, queued = 0, resting = 0;

const MARKS = ["●", "■", "▲", "◆", "▼", "★", "✚", "⬟"];
const partyColour = (party) => ink[`p${party % 8}`];
const partyMark = (party) => MARKS[party % 8] + (party >= 8 ? String(Math.floor(party / 8) + 1) : "");
const volumeColour = (volume) => (volume.notice.activity === HAZARD ? ink.hazard : partyColour(volume.notice.party));

function readInk() {
  const style = getComputedStyle(document.documentElement);
  const names = "sea land coast lake border grid city halo ink dim faint page line conflict possible hazard p0 p1 p2 p3 p4 p5 p6 p7";
  ink = Object.fromEntries(names.split(" ").map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  hatches.clear();
}

const [land, lakes, borders] = ["land", "lakes", "borders"].map((name) => shape(answer.basemap[name], name !== "borders", 1e3).path);
const cities = answer.basemap.cities.map(([name, lat, lon, thousands]) => ({ name, at: toChart(lat / 1e3, lon / 1e3), thousands }));

/** Paint before the next frame. The first picture, and that of a new size, cannot wait for one: a frame may be shown, printed
 *  or captured before any callback has run, and a hidden page gets none at all. */
function paintNow() {
  cancelAnimationFrame(queued);
  queued = 0;
  show(false);
}

function redraw(moving = false) {
  if (document.hidden) return paintNow();
  if (moving) {
    clearTimeout(resting);
    resting = setTimeout(() => redraw(), REST_MS);
  }
  if (!queued) queued = requestAnimationFrame(() => { queued = 0; show(moving && cost_ms > SLOW_MS && drawn); });
}

function show(moved) {
  if (!moved) {
    const started = performance.now();
    showScale();
    paint(picture.getContext("2d"));
    drawn = { ...view };
    cost_ms = performance.now() - started;
  }
  const context = canvas.getContext("2d"), k = view.scale / drawn.scale;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = ink.line;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const [x, y] = toScreen(drawn.x, drawn.y);
  context.drawImage(picture, (x - (drawn.width / 2) * k) * view.ratio, (y - (drawn.height / 2) * k) * view.ratio, picture.width * k, picture.height * k);
}

/** Chart coordinates on the canvas. Lines are then as many pixels wide as `pixels(n)`. */
function onChart(context) {
  const s = view.scale * view.ratio;
  context.setTransform(s, 0, 0, -s, (view.width / 2) * view.ratio - view.x * s, (view.height / 2) * view.ratio + view.y * s);
}
const pixels = (n) => n / view.scale;

function onScreen(context) {
  context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function paint(context) {
  onScreen(context);
  context.fillStyle = ink.line; // off the map
  context.fillRect(0, 0, view.width, view.height);
  context.lineJoin = context.lineCap = "round";
  paintBase(context);
  const edges = paintGraticule(context);
  paintVolumes(context);
  const badges = paintMeetings(context);
  onScreen(context);
  paintLabels(context, badges, edges);
}

function paintBase(context) {
  onChart(context);
  const [west, south, east, north] = answer.basemap.box, inset = pixels(1);
  const frame = [west + inset, south + inset, east - west - 2 * inset, north - south - 2 * inset];
  context.save();
  context.beginPath();
  context.rect(...frame);
  context.clip();
  context.fillStyle = ink.sea;
  context.fillRect(...frame);
  context.fillStyle = ink.land;
  context.fill(land, "evenodd");
  context.lineWidth = pixels(1);
  context.strokeStyle = ink.coast;
  context.stroke(land);
  context.fillStyle = ink.lake;
  context.fill(lakes, "evenodd");
  context.stroke(lakes);
  context.strokeStyle = ink.border;
  context.setLineDash([pixels(7), pixels(3), pixels(1.5), pixels(3)]);
  context.stroke(borders);
  context.restore();
}

const STEPS_DEG = [30, 15, 10, 5, 2, 1, 1 / 2, 1 / 6, 1 / 12, 1 / 30, 1 / 60, 1 / 120, 1 / 360];

/** Latitudes and longitudes in sight: [south, north, west, east], east of west by up to 360. */
function inSight() {
  let south = 90, north = -90, west = Infinity, east = -Infinity;
  const [, lon0] = fromChart(view.x, view.y);
  for (let i = 0; i <= 12; i++) for (let j = 0; j <= 12; j++) {
    const [lat, lon] = fromChart(...fromScreen((view.width * i) / 12, (view.height * j) / 12));
    const turned = lon0 + ((((lon - lon0 + 180) % 360) + 360) % 360) - 180;
    south = Math.min(south, lat); north = Math.max(north, lat); west = Math.min(west, turned); east = Math.max(east, turned);
  }
  for (const pole of [-90, 90]) {
    const [px, py] = toScreen(...toChart(pole, 0));
    if (px >= 0 && py >= 0 && px <= view.width && py <= view.height) { west = lon0 - 180; east = lon0 + 180; pole > 0 ? (north = 90) : (south = -90); }
  }
  return [south, north, west, east];
}

function paintGraticule(context) {
  const [south, north, west, east] = inSight(), across_deg = Math.min(180, (view.width / view.scale) / RADIANS);
  const step = STEPS_DEG.find((s) => across_deg / s >= 3.2) ?? STEPS_DEG.at(-1), edges = [];
  const narrow = Math.cos(Math.max(Math.abs(south), Math.abs(north)) * RADIANS), apart = STEPS_DEG.findLast((s) => s >= step / Math.max(narrow, 0.05)) ?? 30;
  context.strokeStyle = ink.grid;
  context.lineWidth = pixels(1);
  const line = (fixed, from, to, meridian) => {
    const path = new Path2D(), n = 48;
    let before = null;
    for (let i = 0; i <= n; i++) {
      const moving = from + ((to - from) * i) / n, at = meridian ? toChart(moving, fixed) : toChart(fixed, moving);
      before ? path.lineTo(...at) : path.moveTo(...at);
      const here = toScreen(...at);
      if (before) edges.push(...crossing(before, here, fixed, meridian));
      before = here;
    }
    context.stroke(path);
  };
  for (let lon = Math.ceil(west / apart) * apart; lon < east + (east - west < 359 ? 1e-9 : -1e-9); lon += apart) line(lon, Math.max(south, -89.9), Math.min(north, 89.9), true);
  for (let lat = Math.ceil(south / step) * step; lat <= north; lat += step) if (Math.abs(lat) < 89.99) line(lat, west, east, false);
  return edges.map((edge) => ({ ...edge, text: edgeText(edge, edge.meridian ? apart : step) }));
}

/** Where a graticule line leaves the window: meridians at the top, parallels on the right. */
function crossing(a, b, value, meridian) {
  const axis = meridian ? 1 : 0, edge = meridian ? 0 : view.width, t = (edge - a[axis]) / (b[axis] - a[axis]);
  if (!(t >= 0 && t <= 1)) return [];
  const along = a[1 - axis] + t * (b[1 - axis] - a[1 - axis]);
  return [{ at: meridian ? [along, 12] : [view.width - 6, along - 4], value, meridian }];
}

function edgeText({ value, meridian }, step) {
  const turned = meridian ? ((((value + 180) % 360) + 360) % 360) - 180 : value, letters = meridian ? "EW" : "NS";
  const minutes = Math.round(Math.abs(turned) * 3600) / 60, whole = Math.floor(minutes / 60 + 1e-9), rest = minutes - whole * 60;
  const part = step >= 1 ? "" : `${two(Math.floor(rest))}′${step < 1 / 60 ? `${two(Math.round((rest % 1) * 60))}″` : ""}`;
  const halfway = Math.abs(turned) < 1e-9 || (meridian && Math.abs(turned) > 179.9999);
  return `${whole}°${part}${halfway ? "" : letters[turned < 0 ? 1 : 0]}`;
}

const hatches = new Map();
function hatch(context, colour) {
  if (!hatches.has(colour)) {
    const tile = document.createElement("canvas"), size = Math.round(11 * view.ratio);
    tile.width = tile.height = size;
    const c = tile.getContext("2d");
    c.strokeStyle = colour;
    c.lineWidth = view.ratio;
    c.globalAlpha = 0.4;
    for (const d of [-size, 0, size]) { c.beginPath(); c.moveTo(d - 1, size + 1); c.lineTo(d + size + 1, -1); c.stroke(); }
    hatches.set(colour, context.createPattern(tile, "repeat"));
  }
  const pattern = hatches.get(colour);
  pattern.setTransform(context.getTransform().inverse());
  return pattern;
}

const groups = { key: null, list: [] };

/** Volumes of the moment, one path for all that look alike. Kept until the moment or the choice changes. */
function volumeGroups() {
  const shown = volumes.filter((v) => activeAt(v, state.time)), key = shown.map((v) => v.index).join();
  if (groups.key === key) return groups.list;
  const made = new Map();
  for (const volume of shown) {
    const { notice } = volume, kind = notice.activity === HAZARD ? 0 : notice.activity === SITE ? 2 : 1;
    const name = `${kind} ${notice.party} ${notice.assumed.length > 0}`;
    if (!made.has(name)) made.set(name, { kind, party: notice.party, assumed: notice.assumed.length > 0, path: new Path2D(), volumes: [] });
    made.get(name).path.addPath(volume.path);
    made.get(name).volumes.push(volume);
  }
  groups.key = key;
  groups.list = [...made.values()].sort((a, b) => a.kind - b.kind);
  return groups.list;
}

function paintVolumes(context) {
  onChart(context);
  const stepsBack = state.selected ? 0.45 : 1;
  paintRest(context);
  const found = volumeGroups(), fill = Math.max(0.035, Math.min(0.11, 1 / found.length));
  for (const group of found) {
    context.globalAlpha = stepsBack;
    paintGroup(context, { ...group, fill }, 1.4);
  }
  context.globalAlpha = 1;
  for (const volume of state.selected ? volumes.filter(isSelected) : []) {
    const kind = volume.notice.activity === HAZARD ? 0 : 1;
    if (!activeAt(volume, state.time)) context.globalAlpha = 0.5;
    paintGroup(context, { kind, party: volume.notice.party, assumed: volume.notice.assumed.length > 0, path: volume.path, fill: 0.11 }, 2.6);
    context.globalAlpha = 1;
  }
  context.setLineDash([]);
}

/** At one moment: where the plans that are active now were before and will be, faintly. */
function paintRest(context) {
  if (state.time == null) return;
  const now = new Set(volumes.filter((v) => activeAt(v, state.time) && v.notice.volumes.length > 1).map((v) => v.notice));
  if (now.size > MOST_ROUTES) return;
  context.globalAlpha = 0.3;
  context.lineWidth = pixels(1);
  for (const notice of now) for (const volume of notice.volumes) {
    context.strokeStyle = volumeColour(volume);
    if (!activeAt(volume, state.time)) context.stroke(volume.path);
  }
}

function paintGroup(context, group, width) {
  const colour = group.kind === 0 ? ink.hazard : partyColour(group.party), alpha = context.globalAlpha;
  if (group.kind === 0) {
    context.fillStyle = hatch(context, colour);
    context.fill(group.path, "evenodd");
  } else {
    context.globalAlpha = alpha * group.fill;
    context.fillStyle = colour;
    context.fill(group.path);
    context.globalAlpha = alpha;
  }
  context.strokeStyle = colour;
  context.lineWidth = pixels(group.kind === 0 ? width * 0.8 : width);
  context.setLineDash(group.assumed ? [pixels(6), pixels(5)] : []);
  context.stroke(group.path);
}

/** The areas where plans meet; returns where their numbers go. */
function paintMeetings(context) {
  const badges = [], shown = answer.meetings.flatMap((meeting) => meeting.pairs.filter((pair) => pair.area && activeAt(pair, state.time))).length;
  const crowd = Math.max(0.15, Math.min(1, 8 / Math.max(1, shown))); // many areas lie on one another: each is fainter, so that how many can be told
  for (const entry of state.selected?.kind === "entry" ? [state.selected.entry] : []) paintArea(context, entry, true);
  for (const meeting of answer.meetings.toReversed()) {
    const chosen = state.selected?.meeting === meeting;
    const pairs = meeting.pairs.filter((pair) => pair.area && (activeAt(pair, state.time) || state.selected?.pair === pair));
    for (const pair of pairs.toReversed()) if (pair !== state.selected?.pair) paintArea(context, pair, false, chosen, chosen ? 1 : crowd);
    if (chosen && state.selected.pair.area) paintArea(context, state.selected.pair, true);
    const pair = chosen ? state.selected.pair : pairs[0];
    if (pair?.area && (pairs.length || chosen)) badges.unshift({ meeting, pair, chosen, at: toScreen(...pair.area.centre) });
  }
  return badges;
}

function paintArea(context, pair, chosen, near = chosen, crowd = 1) {
  const colour = pair.answer === "CONFLICT" ? ink.conflict : ink.possible, step = state.selected && !near ? 0.35 : 1;
  onChart(context);
  context.globalAlpha = 0.3 * crowd * step * step;
  context.fillStyle = colour;
  context.fill(pair.area.path);
  context.globalAlpha = step;
  context.strokeStyle = ink.halo;
  context.lineWidth = pixels(chosen ? 5 : 3.5);
  context.setLineDash([]);
  if (crowd > 0.5) context.stroke(pair.area.path); // a rim of paper around each would hide what lies beneath
  context.strokeStyle = colour;
  context.lineWidth = pixels(chosen ? 2.6 : crowd > 0.5 ? 1.8 : 1);
  context.setLineDash(pair.answer === "CONFLICT" ? [] : [pixels(2), pixels(4)]);
  context.stroke(pair.area.path);
  if (chosen && pair.closest) paintClosest(context, pair.closest, colour);
  context.globalAlpha = 1;
  context.setLineDash([]);
}

function paintClosest(context, closest, colour) {
  const path = new Path2D();
  closest.forEach(([lat, lon], i) => (i ? path.lineTo(...toChart(lat, lon)) : path.moveTo(...toChart(lat, lon))));
  context.strokeStyle = colour;
  context.lineWidth = pixels(1.6);
  context.setLineDash([pixels(4), pixels(4)]);
  context.stroke(path);
}
