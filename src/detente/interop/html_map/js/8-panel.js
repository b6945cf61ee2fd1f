// The lists beside the map, the details of one thing, and the printed pages.
function mark(volumeNotice) {
  const surface = make("canvas", { class: "mark", width: 26, height: 26, "aria-hidden": "true" }), context = surface.getContext("2d");
  context.font = "20px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = volumeNotice.activity === HAZARD ? ink.hazard : partyColour(volumeNotice.party);
  context.fillText(volumeNotice.activity === HAZARD ? "⚠" : partyMark(volumeNotice.party), 13, 14, 26);
  return surface;
}

const partyName = (notice) => answer.parties[notice.party];
const who = (notice) => make("span", { class: "who" }, mark(notice), make("span", {}, make("b", {}, notice.name), notice.title ? ` ${notice.title}` : ""));

const open_ = answer.problems.length + answer.unread.length; // what of the input is not in the answer
const LISTS = [
  ["meetings", answer.found.POSSIBLE ? `Conflicts ${answer.found.CONFLICT}, possible ${answer.found.POSSIBLE}` : `Conflicts ${answer.found.CONFLICT}`],
  ["entries", `Hazards ${answer.entries.length}`],
  ["notices", `Plans ${answer.notices.length}`],
  ["input", open_ ? `Input ⚠ ${open_}` : "Input"],
];
const MOST_ROWS = 400, MOST_KEYS = 12, MOST_RULES = 4;

function fillLists() {
  byId("tabs").replaceChildren(...LISTS.map(([id, name]) => make("button", {
    type: "button", role: "tab", id: `tab-${id}`, class: id === "input" && open_ ? "alert" : null, title: id === "input" && open_ ? "Something of the input was not read" : null, "aria-controls": `list-${id}`, onclick: () => { choose(null); openList(id); openSheet(true); },
  }, name)));
  byId("lists").replaceChildren(
    list("meetings", meetingItems(), { CLEAR: "No plans of different parties meet.", NOTHING_COMPARED: "No plan was compared with another." }[answer.answer] ?? "Nothing to list."),
    list("entries", answer.entries.map(entryItem), "No plan enters a declared hazard area."),
    list("notices", answer.notices.map(noticeItem), "No notices were read."),
    inputList(),
  );
}

/** Conflicts first, under a heading, then what is only possible under another. */
function meetingItems() {
  const heading = (meeting, i) => (i === 0 || answer.meetings[i - 1].answer !== meeting.answer ? [make("li", {}, make("h2", {}, meeting.answer === "CONFLICT" ? `Conflicts: ${plural(answer.found.CONFLICT, "pair")} of plans` : `Possible: ${plural(answer.found.POSSIBLE, "pair")} of plans`))] : []);
  return answer.meetings.flatMap((meeting, i) => [...heading(meeting, i), meetingItem(meeting)]);
}

function list(id, items, empty) {
  const more = items.length > MOST_ROWS ? make("li", { class: "line" }, `… and ${items.length - MOST_ROWS} more`) : null;
  const body = items.length ? make("ol", {}, ...items.slice(0, MOST_ROWS), more) : make("p", { class: "empty" }, empty);
  return make("div", { id: `list-${id}`, role: "tabpanel", "aria-labelledby": `tab-${id}`, hidden: true }, body);
}

let listOpen = answer.problems.length && !answer.meetings.length ? "input" : "meetings";
function openList(id) {
  listOpen = id;
  for (const [other] of LISTS) {
    byId(`list-${other}`).hidden = other !== id;
    byId(`tab-${other}`).setAttribute("aria-selected", String(other === id));
    byId(`tab-${other}`).tabIndex = other === id ? 0 : -1;
  }
}

const openSheet = (open) => {
  byId("panel").classList.toggle("open", open);
  byId("sheet").setAttribute("aria-expanded", String(open));
};

const badge = (meeting) => make("span", { class: `badge ${meeting.answer}` }, String(meeting.number));
const window_ = (thing) => `${iso(thing.start)} – ${thing.start && thing.end && iso(thing.start).slice(0, 10) === iso(thing.end).slice(0, 10) ? iso(thing.end).slice(11) : iso(thing.end)}`;

function meetingItem(meeting) {
  const pair = meeting.pairs[0], more = meeting.pair_count - 1;
  return make("li", {}, make("button", { type: "button", class: "item", id: `meeting-${meeting.number}`, onclick: () => choose({ kind: "meeting", meeting, pair }, true) },
    badge(meeting),
    make("span", {}, who(answer.notices[meeting.a]), who(answer.notices[meeting.b]),
      make("span", { class: "sub" }, `${meeting.answer} · ${window_(pair)}${more ? ` · ${plural(more, "more volume pair")}` : ""}`),
      pair.altitude ? make("span", { class: "sub" }, pair.altitude) : null,
      make("span", { class: "sub" }, apart(pair)))));
}

/** How closely, on one line: `lateral 12.29 km (6.63 NM) apart, may overlap · vertical overlap · time 12 min apart`. */
function apart(pair) {
  if (pair.rows.every(([, stated]) => stated === pair.rows[0][1] && stated.startsWith("withheld"))) return "how closely is withheld (protected)";
  return pair.rows.map(([name, stated, least]) => {
    const said = /^\d/.test(stated) ? `${stated} apart` : stated;
    return `${name} ${said}${least === "overlap" ? ", may overlap" : least ? `, at least ${least}` : ""}`;
  }).join(" · ");
}

function entryItem(entry) {
  return make("li", {}, make("button", { type: "button", class: "item", onclick: () => choose({ kind: "entry", entry }, true) },
    make("span", { class: "badge" }, "⚠"),
    make("span", {}, who(volumes[entry.plan].notice), make("span", { class: "sub" }, entry.answer === "CONFLICT" ? "enters" : "may enter"), who(volumes[entry.hazard].notice),
      make("span", { class: "sub" }, window_(entry)))));
}

function noticeItem(notice) {
  return make("li", {}, make("button", { type: "button", class: "item", onclick: () => choose({ kind: "notice", notice }, true) },
    make("span", { class: "badge" }, mark(notice)),
    make("span", {}, make("span", { class: "who" }, make("span", {}, make("b", {}, notice.name), notice.title ? ` ${notice.title}` : "")),
      make("span", { class: "sub" }, [notice.words, plural(notice.volumes.length, "volume"), notice.assumed.length ? "with assumptions" : ""].filter(Boolean).join(" · ")))));
}

function inputList() {
  const line = (text) => make("li", { class: "line" }, text);
  const parts = [];
  if (answer.problems.length) parts.push(make("h2", { class: "problem" }, "Problems: what could not be read was not screened"), make("ul", {}, ...answer.problems.map(line)));
  if (answer.unread.length) parts.push(make("h2", { class: "problem" }, "Not read, or not compared"), make("ul", {}, ...answer.unread.map(line)));
  parts.push(make("h2", {}, "How the input was read"), answer.readings.length ? make("ul", {}, ...answer.readings.map(line)) : make("p", { class: "empty" }, open_ ? "Nothing else to say." : "Everything was stated."));
  const assumed = assumptions();
  if (assumed.length) parts.push(make("h2", {}, "Assumptions in the plans"), make("ul", {}, ...assumed.map(line)));
  if (answer.rules.length) parts.push(make("h2", {}, "Minima, by rule"), make("ul", {}, ...answer.rules.map(line)));
  parts.push(make("h2", {}, "About this map"), make("ul", {}, ...answer.about.map(line)));
  return make("div", { id: "list-input", role: "tabpanel", "aria-labelledby": "tab-input", hidden: true }, ...parts);
}

/** Each assumption once, and the plans that hold it. */
function assumptions() {
  const held = new Map();
  for (const notice of answer.notices) for (const text of new Set(notice.assumed)) held.set(text, [...(held.get(text) ?? []), notice.reference]);
  return [...held].map(([text, names]) => `${names.length > 4 ? plural(names.length, "plan") : names.join(", ")}: ${text}`);
}

/** Select something, or nothing: details in the panel, and the map goes there. */
function choose(chosen, fly = false) {
  state.selected = chosen?.kind === "several" ? null : chosen;
  const open = chosen != null;
  byId("details").hidden = !open;
  byId("lists").hidden = open;
  for (const item of document.querySelectorAll(".item[aria-current]")) item.removeAttribute("aria-current");
  if (open) {
    const details = { meeting: meetingDetails, notice: noticeDetails, entry: entryDetails, several: severalDetails }[chosen.kind](chosen);
    byId("details").replaceChildren(make("div", { class: "bar" }, make("button", { type: "button", id: "back", onclick: () => { const from = chosen; choose(null); focusItem(from); } }, "‹ Back"), details.more ?? ""), ...details.body.filter(Boolean));
    byId("details").scrollTop = 0;
    if (chosen.kind === "meeting") byId(`meeting-${chosen.meeting.number}`)?.setAttribute("aria-current", "true");
    if (fly) { openSheet(true); flyToChosen(chosen); }
    if (fly || chosen.kind !== "several") byId("back").focus({ preventScroll: true });
  }
  redraw();
}

function focusItem(chosen) {
  if (chosen.kind === "meeting") byId(`meeting-${chosen.meeting.number}`)?.focus();
}

function flyToChosen(chosen) {
  const { kind } = chosen;
  if (kind === "meeting") {
    const { pair } = chosen, boxes = [pair.area?.box ?? joinBoxes([volumes[pair.a].box, volumes[pair.b].box])];
    const box = boxes[0], room = Math.max(box[2] - box[0], box[3] - box[1], 6000 / EARTH_M);
    flyTo(viewOf([box[0] - room * 0.8, box[1] - room * 0.8, box[2] + room * 0.8, box[3] + room * 0.8]));
    if (state.time != null && !activeAt(pair, state.time)) setTime(pair.start ?? pair.end);
  } else if (kind === "notice") flyTo(viewOf(joinBoxes(chosen.notice.volumes.map((v) => v.box)), 0.7));
  else if (kind === "entry") flyTo(viewOf(chosen.entry.area?.box ?? volumes[chosen.entry.plan].box, 0.6));
}

function rows(pairs) {
  return make("dl", {}, ...pairs.filter(([, value]) => value != null && value !== "").flatMap(([name, value]) => [make("dt", {}, name), value instanceof Node ? make("dd", {}, value) : make("dd", {}, String(value))]));
}

const link = (notice) => make("button", { type: "button", class: "link", onclick: () => choose({ kind: "notice", notice }, true) }, "Show plan");

function meetingDetails({ meeting, pair }) {
  const move = (by) => () => stepMeeting(by);
  return {
    more: make("span", { class: "sub" }, make("button", { type: "button", "aria-label": "Previous conflict", onclick: move(-1) }, "↑"), " ", make("button", { type: "button", "aria-label": "Next conflict", onclick: move(1) }, "↓"), ` ${meeting.number} of ${answer.meetings.length}`),
    body: [
      make("h3", {}, badge(meeting), make("span", { class: `tag ${pair.answer}` }, pair.answer)),
      side(pair.a), side(pair.b),
      rows([["where", whereText(pair)], ["altitude", pair.altitude], ["when", whenText(pair)]]),
      separationTable(pair), rows([["rule", pair.rule]]),
      ...pair.reasons.map((reason) => make("p", {}, `Possible because of: ${reason}.`)),
      clearsBox(meeting), otherPairs(meeting, pair),
    ],
  };
}

function side(index) {
  const volume = volumes[index], { notice } = volume, which = notice.volumes.length > 1 ? `, volume ${notice.volumes.indexOf(volume) + 1} of ${notice.volumes.length}` : "";
  return make("div", { class: "line side" }, make("div", { class: "row" }, who(notice), link(notice)), make("div", { class: "sub" }, `${notice.words}${which} · ${textOf(columns.altitude, index)}`), make("div", { class: "sub" }, window_(volume)));
}

function whereText(pair) {
  if (!pair.centre) return null;
  const [lat, lon] = pair.centre;
  return make("span", { class: "mono" }, pair.placed, pair.placed ? make("br") : null, `${pair.dms}`, make("br"), `${degrees(lat, 5, "NS")} ${degrees(lon, 5, "EW")}`, make("br"), `MGRS ${pair.mgrs}`);
}

const whenText = (thing) => make("span", { class: "mono" }, `${iso(thing.start)} –`, make("br"), iso(thing.end), make("br"), `${dtg(thing.start)} – ${dtgEnd(thing.end)}`);

function separationTable(pair) {
  const head = ["", "apart", "at least", "minimum", "short by"].map((name) => make("th", { scope: "col" }, name));
  const body = pair.rows.map(([name, ...cells]) => make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((cell) => make("td", {}, cell || "–"))));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body));
}

function clearsBox(meeting) {
  if (!meeting.clears.length) return null;
  return make("div", { class: "clears" }, make("b", {}, "What would clear it"), ...meeting.clears.map((text) => make("p", {}, text)), make("p", { class: "sub" }, "Each moves one whole notice, and was screened against everything else."));
}

function otherPairs(meeting, shown) {
  if (meeting.pair_count < 2) return null;
  const listed = meeting.pairs.map((pair) => make("button", { type: "button", "aria-current": pair === shown, onclick: () => choose({ kind: "meeting", meeting, pair }, true) }, `${pair.answer} ${window_(pair)}`));
  const left = meeting.pair_count - meeting.pairs.length;
  return make("details", { class: "pairs" }, make("summary", {}, `All ${plural(meeting.pair_count, "volume pair")}`), ...listed, left ? make("p", { class: "sub" }, `and ${left} more, in the JSON answer`) : null);
}

function noticeDetails({ notice }) {
  const met = answer.meetings.filter((m) => answer.notices[m.a] === notice || answer.notices[m.b] === notice);
  const shown = notice.volumes.slice(0, 60);
  return {
    more: null,
    body: [
      make("h3", {}, who(notice)),
      rows([["activity", notice.words], ["party", partyName(notice)], ["place", notice.place], ["declared by", notice.declared], ["source", notice.source], ["sureness", textOf(columns.sure, notice.volumes[0].index)]]),
      ...notice.assumed.map((text) => make("p", {}, `Assumed: ${text}`)),
      make("h2", {}, plural(notice.volumes.length, "volume")),
      ...shown.map((v) => make("div", { class: "line" }, textOf(columns.altitude, v.index), make("div", { class: "sub mono" }, window_(v)))),
      shown.length < notice.volumes.length ? make("p", { class: "sub" }, `and ${notice.volumes.length - shown.length} more`) : null,
      met.length ? make("h2", {}, "Meets, or may") : make("p", { class: "empty" }, notice.activity === HAZARD ? "A declared hazard area: entering it is a warning, never a conflict." : "Meets no plan of another party."),
      make("ol", {}, ...met.map((m) => { const item = meetingItem(m); item.firstChild.removeAttribute("id"); return item; })),
    ],
  };
}

function entryDetails({ entry }) {
  return {
    more: null,
    body: [
      make("h3", {}, make("span", { class: "tag" }, entry.answer === "CONFLICT" ? "ENTERS A HAZARD AREA" : "MAY ENTER A HAZARD AREA")),
      side(entry.plan), side(entry.hazard),
      rows([["where", whereText(entry)], ["altitude", entry.altitude], ["when", whenText(entry)], ["declared by", volumes[entry.hazard].notice.declared]]),
      entry.other_count ? make("p", {}, `${plural(entry.other_count, "more volume")} of this plan, too.`) : null,
      make("p", { class: "sub" }, "A hazard area is what somebody declares; entering it is a warning, never a conflict."),
    ],
  };
}

function severalDetails({ found }) {
  const item = ({ meeting, pair, notice }) => {
    const made = meeting ? meetingItem(meeting) : noticeItem(notice);
    made.firstChild.removeAttribute("id");
    if (meeting) made.firstChild.addEventListener("click", () => choose({ kind: "meeting", meeting, pair }, true));
    return made;
  };
  return { more: null, body: [make("h3", {}, `${found.length} things here`), make("ol", {}, ...found.map(item))] };
}

function stepMeeting(by) {
  if (!answer.meetings.length) return;
  const now = state.selected?.meeting ? state.selected.meeting.number - 1 : by > 0 ? -1 : 0;
  const meeting = answer.meetings[(now + by + answer.meetings.length) % answer.meetings.length];
  openList("meetings");
  choose({ kind: "meeting", meeting, pair: meeting.pairs[0] }, true);
}

function fillHead() {
  const verdict = byId("verdict");
  verdict.className = answer.headline === "CLEAR" || answer.answer === "CONFLICT" ? answer.answer : "POSSIBLE"; // not a green word where something is open
  verdict.textContent = answer.headline;
  byId("counts").textContent = answer.summary;
  byId("made").textContent = answer.generated ? `Screened ${answer.generated}` : "";
  const left = answer.rules.length - MOST_RULES;
  byId("rules").replaceChildren(...answer.rules.slice(0, MOST_RULES).map((rule, i) => make("span", {}, `${i ? "" : "Minima: "}${rule}`)), left > 0 ? make("span", {}, `and ${plural(left, "more rule")}, under Input`) : "");
}

function fillLegend() {
  const key = (draw, text, rule) => {
    const sample = make("canvas", { width: 68, height: 32, "aria-hidden": "true" }), context = sample.getContext("2d");
    context.scale(2, 2);
    draw(context);
    return make("div", { class: rule ? "key rule" : "key" }, sample, make("span", {}, text));
  };
  const box = (colour, { dash = [], fill = 0.16, stroke = colour } = {}) => (context) => {
    context.globalAlpha = fill; context.fillStyle = colour; context.fillRect(2, 2, 30, 12);
    context.globalAlpha = 1; context.strokeStyle = stroke; context.lineWidth = 1.6; context.setLineDash(dash); context.strokeRect(2, 2, 30, 12);
  };
  const marked = (party) => (context) => {
    box(partyColour(party))(context);
    context.setLineDash([]); context.fillStyle = partyColour(party); context.font = "11px system-ui, sans-serif"; context.textAlign = "center"; context.textBaseline = "middle"; context.fillText(partyMark(party), 17, 8.5);
  };
  const used = [...new Set(answer.notices.filter((n) => n.activity !== HAZARD).map((n) => n.party))].slice(0, MOST_KEYS);
  byId("legend-body").replaceChildren(
    ...used.map((party) => key(marked(party), answer.parties[party])),
    answer.parties.length > MOST_KEYS ? make("p", { class: "note" }, `and more: ${plural(answer.parties.length, "party").replace("partys", "parties")} in all; colours repeat, signs are numbered`) : "",
    key(box(ink.conflict, { fill: 0.34 }), "CONFLICT: where plans meet; the number is that of the list", true),
    key(box(ink.possible, { fill: 0.34, dash: [2, 3] }), "POSSIBLE: only a margin or something uncertain or unstated makes them meet"),
    key(box(ink.ink, { fill: 0, dash: [5, 4] }), "Dashed: something in the plan is assumed"),
    key((context) => { context.fillStyle = hatch(context, ink.hazard); context.fillRect(2, 2, 30, 12); box(ink.hazard, { fill: 0 })(context); }, "⚠ Declared hazard area"),
    make("p", { class: "note" }, "Outlines are for the eye and lie slightly outside. Boundaries as Natural Earth draws them; no endorsement. Cities: GeoNames, CC BY 4.0. Not for navigation."),
  );
}

/** The printed pages: everything that the lists hold, in words. */
function fillPrint() {
  const article = (meeting) => {
    const { body } = meetingDetails({ meeting, pair: meeting.pairs[0] });
    for (const button of body.flatMap((part) => (part instanceof Element ? [...part.querySelectorAll("button")] : []))) button.remove();
    return make("article", {}, ...body);
  };
  byId("print").replaceChildren(...answer.meetings.slice(0, 200).map(article), make("article", {}, ...[...answer.problems, ...answer.unread, ...answer.readings, ...answer.about].map((text) => make("p", {}, text))));
}
