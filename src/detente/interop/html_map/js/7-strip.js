// The day along one line: altitudes of everything against time, how much is active, where conflicts lie, and the moment shown.
const strip = byId("profile"), slider = byId("slider");
const PLAY_S = 36; // the whole day goes by in this many seconds
let stripPicture = null;

const finite = (values) => values.filter((v) => v != null && Math.abs(v) < 30000);
const highest_m = finite(columns.upper).reduce((a, b) => Math.max(a, b), -Infinity), lowest_m = finite(columns.lower).reduce((a, b) => Math.min(a, b), Infinity);
// From the ground up; where everything flies high, from below the lowest, so that levels can be told apart.
const bottom_m = lowest_m > 0.6 * highest_m && lowest_m < Infinity ? lowest_m - 0.3 * (highest_m - lowest_m) - 100 : Math.min(0, Number.isFinite(lowest_m) ? lowest_m : 0);
const top_m = Number.isFinite(highest_m) ? Math.max(highest_m + 0.12 * (highest_m - bottom_m), bottom_m + 300) : 12000;
const stripPlan = () => {
  const width = strip.clientWidth, height = strip.clientHeight, small = height < 80;
  return { width, height, axis: 16, density: small ? 22 : 24, left: small ? 4 : 66, right: small ? 4 : 94, profile: !small };
};
const timeX = (plan, t) => plan.left + ((t - span.start) / (span.end - span.start)) * (plan.width - plan.left - plan.right);

function paintStrip() {
  if (!span || !strip.clientWidth) return;
  const plan = stripPlan(), ratio = Math.min(window.devicePixelRatio || 1, 2);
  strip.width = plan.width * ratio;
  strip.height = plan.height * ratio;
  const context = strip.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = "10.5px system-ui, sans-serif";
  if (!stripPicture) stripPicture = drawDay(plan, ratio);
  context.drawImage(stripPicture, 0, 0, plan.width, plan.height);
  if (state.time == null) return;
  const x = timeX(plan, state.time);
  context.fillStyle = ink.ink;
  context.fillRect(x - 0.75, 0, 1.5, plan.height - plan.axis);
  context.beginPath();
  context.moveTo(x - 5, 0); context.lineTo(x + 5, 0); context.lineTo(x, 7);
  context.fill();
}

/** Everything but the moment: drawn once a size and theme. */
function drawDay(plan, ratio) {
  const surface = document.createElement("canvas");
  surface.width = plan.width * ratio;
  surface.height = plan.height * ratio;
  const context = surface.getContext("2d");
  context.scale(ratio, ratio);
  context.font = "10.5px system-ui, sans-serif";
  const floor = plan.height - plan.axis;
  paintHours(context, plan, floor);
  if (plan.profile) paintProfile(context, plan, floor - plan.density - 4);
  paintDensity(context, plan, floor);
  paintMarks(context, plan, floor);
  return surface;
}

function paintHours(context, plan, floor) {
  const steps = [60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000];
  const step = steps.find((s) => ((span.end - span.start) / s) * 64 <= plan.width - plan.left) ?? steps.at(-1);
  context.textAlign = "center";
  for (let t = Math.ceil(span.start / step) * step; t <= span.end; t += step) {
    const x = timeX(plan, t), day = t % 86400 === 0;
    context.fillStyle = ink.line;
    context.fillRect(x, 0, 1, floor);
    context.fillStyle = day ? ink.ink : ink.dim;
    const text = day ? dtg(t).slice(0, 2) + " " + dtg(t).slice(7, 10) : new Date(t * 1000).toISOString().slice(11, 16) + "Z";
    if (x > plan.left + 14 && x < plan.width - 18) context.fillText(text, x, plan.height - 4);
  }
}

const heightY = (plan, room, metres) => room - ((Math.max(bottom_m, Math.min(top_m, metres)) - bottom_m) / (top_m - bottom_m)) * (room - 4);

const FOOT_M = 0.3048;
/** A height on the axis: feet on the left; on the right the flight level, where plans use any, and metres. */
function heightText(feet) {
  const level = levelsUsed && feet > 0 && feet % 100 === 0 ? `FL${String(feet / 100).padStart(3, "0")} · ` : "";
  return [`${(feet || 0).toLocaleString("en")} ft`, `${level}${(Math.round(feet * FOOT_M) || 0).toLocaleString("en")} m`];
}
const levelsUsed = columns.altitude.texts.some((text) => /\bFL\d/.test(text));

function paintProfile(context, plan, room) {
  const step = [200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000].find((s) => ((top_m - bottom_m) / (s * FOOT_M)) * 16 <= room) ?? 1000000;
  for (let feet = Math.ceil(bottom_m / FOOT_M / step) * step; feet * FOOT_M <= top_m; feet += step) {
    const y = heightY(plan, room, feet * FOOT_M), [left, right] = heightText(feet);
    context.fillStyle = ink.line;
    context.fillRect(plan.left, y, plan.width - plan.left - plan.right, 1);
    context.fillStyle = ink.dim;
    context.textAlign = "right";
    context.fillText(left, plan.left - 5, y + 3.5);
    context.textAlign = "left";
    context.fillText(right, plan.width - plan.right + 5, y + 3.5);
  }
  const ordered = volumes.toSorted((a, b) => (b.notice.activity === HAZARD) - (a.notice.activity === HAZARD));
  const many = volumes.length > 400;
  for (const volume of ordered) {
    const x1 = timeX(plan, Math.max(span.start, volume.start ?? span.start)), x2 = timeX(plan, Math.min(span.end, volume.end ?? span.end));
    const y1 = heightY(plan, room, volume.upper ?? top_m), y2 = heightY(plan, room, volume.lower ?? bottom_m);
    const hazard = volume.notice.activity === HAZARD, w = Math.max(1.5, x2 - x1), h = Math.max(1.5, y2 - y1);
    context.globalAlpha = many ? 0.35 : Math.max(0.02, Math.min(0.16, 3 / volumes.length));
    context.fillStyle = hazard ? hatch(context, ink.hazard) : volumeColour(volume);
    if (hazard) context.globalAlpha = 0.7;
    context.fillRect(x1, y1, w, h);
    if (many) continue;
    context.globalAlpha = hazard ? 0.5 : volumes.length > 60 ? 0.45 : 0.9;
    context.strokeStyle = volumeColour(volume);
    context.lineWidth = 1;
    context.setLineDash(volume.notice.assumed.length ? [3, 2] : []);
    context.strokeRect(x1 + 0.5, y1 + 0.5, Math.max(0.5, w - 1), Math.max(0.5, h - 1));
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** How many volumes are active, as a skyline. */
function paintDensity(context, plan, floor) {
  const bins = Math.max(1, Math.round((plan.width - plan.left - plan.right) / 2)), counts = new Float64Array(bins + 1);
  const bin = (t) => Math.max(0, Math.min(bins, Math.floor(((t - span.start) / (span.end - span.start)) * bins)));
  for (const volume of volumes) {
    if (volume.notice.activity === HAZARD) continue;
    counts[bin(volume.start ?? span.start)] += 1;
    const after = bin(volume.end ?? span.end) + 1;
    if (after <= bins) counts[after] -= 1;
  }
  for (let i = 1; i <= bins; i++) counts[i] += counts[i - 1];
  const most = Math.max(1, counts.reduce((a, b) => Math.max(a, b), 0)), room = plan.density - 6;
  context.fillStyle = ink.faint;
  context.globalAlpha = 0.55;
  for (let i = 0; i < bins; i++) {
    const h = (counts[i] / most) * (room - 2);
    context.fillRect(plan.left + i * 2, floor - 5 - h, 2, h);
  }
  context.globalAlpha = 1;
  if (plan.profile) {
    context.fillStyle = ink.dim;
    context.textAlign = "right";
    context.fillText("active", plan.left - 5, floor - 10);
  }
}

/** When plans meet: solid for conflicts, broken for possibles. */
function paintMarks(context, plan, floor) {
  for (const meeting of answer.meetings.toReversed()) for (const pair of meeting.pairs) {
    const x1 = timeX(plan, Math.max(span.start, pair.start ?? span.start)), x2 = timeX(plan, Math.min(span.end, pair.end ?? span.end));
    const certain = pair.answer === "CONFLICT";
    context.fillStyle = certain ? ink.conflict : ink.possible;
    for (let x = x1; x <= Math.max(x1, x2 - 1); x += certain ? Math.max(3, x2 - x1) : 6) {
      context.fillRect(x, floor - 4, certain ? Math.max(3, x2 - x1) : Math.min(4, Math.max(2, x2 - x)), 4);
    }
  }
}

function setTime(time) {
  state.time = time;
  const whole = time == null;
  if (span) {
    slider.value = whole ? span.start : time;
    slider.setAttribute("aria-valuetext", whole ? "All times" : `${iso(time)}, ${activeCount()} active`);
  }
  byId("all").setAttribute("aria-pressed", String(whole));
  byId("now").textContent = whole ? (span ? `${iso(span.start)} to ${iso(span.end)}` : "") : `${iso(time)} · ${dtg(time)}`;
  const meeting = whole ? 0 : answer.meetings.filter((m) => m.pairs.some((p) => activeAt(p, time))).length;
  byId("active").textContent = whole ? "" : `${plural(activeCount(), "volume")} active${meeting ? `, ${plural(meeting, "pair")} of notices meet or may` : ""}`;
  paintStrip();
  redraw();
}
const activeCount = () => volumes.reduce((n, v) => n + (activeAt(v, state.time) && v.notice.activity !== HAZARD ? 1 : 0), 0);

function play(on) {
  state.playing = on;
  byId("play").textContent = on ? "❚❚" : "▶";
  byId("play").setAttribute("aria-label", on ? "Pause" : "Play");
  if (!on) return;
  let last = performance.now(), at = state.time == null || state.time >= span.end ? span.start : state.time;
  const every_ms = calm.matches ? 500 : 0; // in reduced motion: steps, not a film
  const step = (now) => {
    if (!state.playing) return;
    if (now - last >= every_ms) {
      at += ((now - last) / 1000 / PLAY_S) * (span.end - span.start);
      last = now;
      setTime(Math.min(span.end, Math.round(at)));
      if (at >= span.end) return play(false);
    }
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}
