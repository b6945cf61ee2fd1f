// What is on the map: volumes, the areas where they meet, and which of them a moment shows.
const HAZARD = "hazard_area", SITE = "humanitarian_site";
const columns = answer.volumes;
const textOf = (column, i) => column.texts[column.index[i]];
const volumes = columns.notice.map((notice, i) => {
  const { path, box } = shape(columns.rings[i]);
  return {
    index: i, notice: answer.notices[notice], noticeIndex: notice, path, box,
    start: columns.start[i], end: columns.end[i], lower: columns.lower[i], upper: columns.upper[i],
    size: (box[2] - box[0]) * (box[3] - box[1]), centre: [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2],
  };
});
answer.notices.forEach((notice, index) => { notice.index = index; notice.volumes = []; });
for (const volume of volumes) volume.notice.volumes.push(volume);

function areaOf(found) {
  if (!found.rings || !found.rings.length) return null;
  return { ...shape(found.rings), centre: found.centre && toChart(...found.centre) };
}
for (const meeting of answer.meetings) for (const pair of meeting.pairs) { pair.area = areaOf(pair); pair.meeting = meeting; }
answer.meetings.forEach((meeting, i) => { meeting.number = i + 1; });
for (const entry of answer.entries) entry.area = areaOf(entry);

const bounds = [...columns.start, ...columns.end, ...answer.meetings.flatMap((m) => m.pairs.flatMap((p) => [p.start, p.end]))].filter((t) => t != null);
const span = bounds.length ? { start: bounds.reduce((a, b) => Math.min(a, b)), end: bounds.reduce((a, b) => Math.max(a, b)) } : null;
if (span && span.end <= span.start) span.end = span.start + 3600;

const state = { time: null, selected: null, playing: false };
const activeAt = (thing, time) => time == null || ((thing.start == null || thing.start <= time) && (thing.end == null || thing.end >= time));

/** Everything selected stands out and the rest steps back: a meeting, a notice, or nothing. */
function isSelected(volume) {
  const chosen = state.selected;
  if (!chosen) return false;
  if (chosen.kind === "notice") return volume.notice === chosen.notice;
  if (chosen.kind === "meeting") return volume.index === chosen.pair.a || volume.index === chosen.pair.b;
  return volume.index === chosen.entry.plan || volume.index === chosen.entry.hazard;
}

const wholeBox = () => joinBoxes([
  ...volumes.filter((v) => v.notice.activity !== HAZARD || volumes.every((w) => w.notice.activity === HAZARD)).map((v) => v.box),
]);
