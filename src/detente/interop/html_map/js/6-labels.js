// Words on the map: numbers of conflicts first, then plans, then cities and the graticule, each only where there is room.
const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";
const MOST_LABELS = 60, CROWD = 40;
let placedBadges = [];

function paintLabels(context, badges, edges) {
  const taken = [...document.querySelectorAll("#legend, #zoom, #scale")].map(coveredBy);
  context.font = FONT;
  context.textBaseline = "middle";
  placedBadges = placeBadges(badges, taken);
  paintPlanLabels(context, taken);
  context.textAlign = "left";
  for (const city of cities) paintCity(context, city, taken);
  for (const edge of edges) {
    context.textAlign = edge.meridian ? "center" : "right";
    label(context, edge.text, ...edge.at, ink.faint, taken, "10.5px system-ui, sans-serif");
  }
  for (const badge of placedBadges.toSorted((a, b) => b.dot - a.dot || b.meeting.number - a.meeting.number)) paintBadge(context, badge);
}

/** The part of the window under something that lies on the map. */
function coveredBy(element) {
  const map = canvas.getBoundingClientRect(), box = element.getBoundingClientRect();
  return [box.left - map.left, box.top - map.top, box.right - map.left, box.bottom - map.top];
}

/** Badges stay at their place while it is free, and else step aside, so that each can be read and tapped. In a crowd
 *  those without room become dots until one looks closer. */
function placeBadges(badges, taken) {
  const inside = badges.filter(({ at: [x, y] }) => x > -20 && y > -20 && x < view.width + 20 && y < view.height + 20).slice(0, 400);
  const turns = inside.length > CROWD ? 1 : 24;
  for (const badge of inside.toSorted((a, b) => b.chosen - a.chosen)) {
    badge.width = badge.meeting.number > 99 ? 36 : badge.meeting.number > 9 ? 28 : 22;
    let free = false;
    for (let turn = 0; turn < turns && !free; turn++) {
      const angle = turn * 2.4, away = turn ? 14 + 5 * turn : 0;
      badge.x = badge.at[0] + away * Math.cos(angle);
      badge.y = badge.at[1] + away * Math.sin(angle);
      free = isFree(boxAround(badge.x, badge.y, badge.width + 4, 24), taken);
    }
    badge.dot = !free && !badge.chosen;
    if (badge.dot) [badge.x, badge.y, badge.width] = [...badge.at, 8];
    else taken.push(boxAround(badge.x, badge.y, badge.width + 4, 24));
  }
  return inside;
}

const boxAround = (x, y, w, h) => [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
const isFree = (box, taken) => taken.every((other) => box[2] < other[0] || box[0] > other[2] || box[3] < other[1] || box[1] > other[3]);

function paintBadge(context, { meeting, chosen, dot, at, x, y, width }) {
  const certain = meeting.answer === "CONFLICT", colour = certain ? ink.conflict : ink.possible;
  if (dot) return paintDot(context, at, certain, colour);
  if (Math.hypot(x - at[0], y - at[1]) > 6) {
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(...at);
    context.lineTo(x, y);
    context.stroke();
  }
  context.beginPath();
  context.roundRect(x - width / 2, y - 10, width, 20, certain ? 4 : 10);
  context.fillStyle = certain ? colour : ink.page;
  context.strokeStyle = certain ? ink.halo : colour;
  context.lineWidth = chosen ? 3 : 1.6;
  context.fill();
  context.stroke();
  context.fillStyle = certain ? ink.page : colour;
  context.font = `bold ${FONT}`;
  context.textAlign = "center";
  context.fillText(String(meeting.number), x, y + 0.5);
  context.font = FONT;
}

function paintDot(context, [x, y], certain, colour) {
  context.beginPath();
  certain ? context.rect(x - 3, y - 3, 6, 6) : context.arc(x, y, 3, 0, 7);
  context.fillStyle = certain ? colour : ink.page;
  context.strokeStyle = certain ? ink.halo : colour;
  context.lineWidth = 1.2;
  context.fill();
  context.stroke();
}

/** One label a notice, at the largest of its volumes in sight. */
function paintPlanLabels(context, taken) {
  const best = new Map();
  for (const volume of volumes) {
    if (!activeAt(volume, state.time) && !isSelected(volume)) continue;
    const [x, y] = toScreen(...volume.centre);
    if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
    if (!best.has(volume.notice) || volume.size > best.get(volume.notice).size) best.set(volume.notice, volume);
  }
  const ordered = [...best.values()].sort((a, b) => isSelected(b) - isSelected(a) || b.size - a.size).slice(0, MOST_LABELS);
  for (const volume of ordered) {
    const [x, y] = toScreen(...labelPlace(volume)), wide = Math.max(volume.box[2] - volume.box[0], volume.box[3] - volume.box[1]) * view.scale;
    if (wide < 14 && !isSelected(volume)) continue;
    const sign = volume.notice.activity === HAZARD ? "⚠" : partyMark(volume.notice.party), name = clip(volume.notice.reference, 22);
    for (const [text, align, dx, dy] of labelPlaces(context, volume, sign, name, x, y, wide)) {
      context.textAlign = align;
      if (label(context, text, x + dx, y + dy, volumeColour(volume), taken, `600 ${FONT}`)) break;
    }
  }
}

/** Where a name may stand: across its shape where it fits in; else beside, with the party's sign on the shape, so that it
 *  can be seen what is named; above or below what is too small to carry a sign. */
function labelPlaces(context, volume, sign, name, x, y, wide) {
  context.font = `600 ${FONT}`;
  const half = context.measureText(`${sign} ${name}`).width / 2, pin = context.measureText(sign).width / 2;
  const beside = [0, -13, 13].flatMap((dy) => [[`${sign} ${name}`, "left", -pin, dy], [`${name} ${sign}`, "right", pin, dy]]);
  const high = (volume.box[3] - volume.box[1]) * view.scale;
  const across = [0, -17, 17, -34, 34, -0.3 * high, 0.3 * high, -0.4 * high, 0.4 * high].filter((dy) => [-half, half].every((dx) => holds(volume, x + dx, y + dy))).map((dy) => [`${sign} ${name}`, "center", 0, dy]);
  return wide < 60 ? [-16, 16].map((dy) => [`${sign} ${name}`, "center", 0, dy]) : [...across, ...beside];
}

/** Whether a place of the window lies in a volume's outline. */
function holds(volume, px, py) {
  const probe = picture.getContext("2d");
  probe.save();
  probe.setTransform(1, 0, 0, 1, 0, 0);
  const inside = probe.isPointInPath(volume.path, ...fromScreen(px, py));
  probe.restore();
  return inside;
}

/** The middle of a volume's box; of a ring-shaped or bent one a point of its outline, so that the label is on it. */
function labelPlace(volume) {
  if (!volume.label) {
    const probe = picture.getContext("2d");
    probe.save();
    probe.setTransform(1, 0, 0, 1, 0, 0);
    const inside = probe.isPointInPath(volume.path, ...volume.centre);
    probe.restore();
    const xy = inside ? null : unpack(columns.rings[volume.index][0]);
    volume.label = inside ? volume.centre : [xy[0], xy[1]];
  }
  return volume.label;
}

function paintCity(context, city, taken) {
  const [x, y] = toScreen(...city.at);
  if (x < 0 || y < 0 || x > view.width || y > view.height) return;
  const needed = 40 / Math.max(view.scale / 900, 0.05); // thousands of people, fewer the closer one looks
  if (city.thousands < needed) return;
  if (label(context, city.name, x + 6, y, ink.city, taken, `11px system-ui, sans-serif`)) {
    context.beginPath();
    context.arc(x, y, 1.8, 0, 7);
    context.fillStyle = ink.city;
    context.fill();
  }
}

function label(context, text, x, y, colour, taken, font) {
  context.font = font;
  const width = context.measureText(text).width, left = { center: x - width / 2, right: x - width, left: x }[context.textAlign];
  const box = [left - 3, y - 8, left + width + 3, y + 8];
  if (box[0] < 0 || box[2] > view.width || box[1] < 0 || box[3] > view.height || !isFree(box, taken)) return false;
  taken.push(box);
  context.strokeStyle = ink.halo;
  context.lineWidth = 3;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
  return true;
}

const clip = (text, longest) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

function showScale() {
  const [x, y] = fromScreen(view.width / 2, view.height / 2), metres = metresPerUnit(x, y) / view.scale;
  const nice = (most) => [5, 2, 1].map((n) => n * 10 ** Math.floor(Math.log10(most))).find((n) => n <= most) ?? most;
  const length = nice(130 * metres), bar = byId("scale");
  bar.firstElementChild.style.width = `${length / metres}px`;
  const nautical = length / 1852, digits = nautical < 10 ? 1 : 0;
  bar.lastElementChild.textContent = `${length >= 1000 ? `${length / 1000} km` : `${length} m`} · ${nautical.toFixed(digits)} NM`;
}
