// The answer, read from the page, and the few ways in which text gets back onto it.
// Nothing a party wrote is ever parsed as markup: text goes in through text nodes alone.
const answer = JSON.parse(document.getElementById("answer").textContent);
const byId = (id) => document.getElementById(id);

function make(tag, settings = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null && child !== ""));
  return element;
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const two = (n) => String(n).padStart(2, "0");

/** ISO 8601 in UTC to the second, or the word for an open side. */
function iso(time_s, open = "open") {
  return time_s == null ? open : new Date(time_s * 1000).toISOString().replace(".000Z", "Z");
}

/** Date-time group: 171839ZSEP18. Seconds are left off: outward for a start; an end takes `dtgEnd`. */
function dtg(time_s) {
  if (time_s == null) return "open";
  const t = new Date(time_s * 1000);
  return `${two(t.getUTCDate())}${two(t.getUTCHours())}${two(t.getUTCMinutes())}Z${MONTHS[t.getUTCMonth()]}${two(t.getUTCFullYear() % 100)}`;
}

/** Of the end of a window: rounded up, so that the window never becomes shorter. */
const dtgEnd = (time_s) => dtg(time_s == null ? null : Math.ceil(time_s / 60) * 60);

function plural(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
