// What the pages do beyond forms and links: keys, colours, and how many alerts are new. Without it all pages still work.
"use strict";

const byId = (id) => document.getElementById(id);
const rowLinks = () => Array.from(document.querySelectorAll(".row > .open"));

function setUpTheme() {
  const button = byId("theme");
  const root = document.documentElement;
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = dark() ? button.dataset.light : button.dataset.dark; };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `weiguard-theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax${secure}`;
    name();
  });
  name();
}

function move(step) {
  const links = rowLinks();
  if (!links.length) return;
  const at = links.findIndex((link) => link.closest(".row").contains(document.activeElement));
  links[Math.max(0, Math.min(links.length - 1, at < 0 ? 0 : at + step))].focus();
}

const actionForm = () => byId("bulk") || byId("acting");
const picks = () => Array.from(document.querySelectorAll(".pick"));

// Where no row is chosen, an act is on the one in which the focus stands.
function pickFocused() {
  if (picks().some((pick) => pick.checked)) return;
  document.activeElement?.closest?.(".row")?.querySelector(".pick")?.click();
}

// The form for many is there while something is chosen; without scripts it always is.
function showPicked() {
  const bulk = byId("bulk");
  if (!bulk) return;
  const chosen = picks().filter((pick) => pick.checked);
  bulk.hidden = chosen.length === 0;
  byId("picked").textContent = byId("picked").dataset.count.replace("{count}", chosen.length);
  for (const pick of picks()) pick.closest(".row").classList.toggle("picked", pick.checked);
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => document.activeElement?.closest?.(".row")?.querySelector(".pick")?.click(),
  a: () => { pickFocused(); actionForm()?.querySelector("button[value=acknowledge]").click(); },
  r: () => { pickFocused(); actionForm()?.querySelector(".reason").focus(); },
  "/": () => byId("search")?.focus(),
  g: () => byId("group")?.click(),
  "?": () => byId("help")?.showModal(),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const act = KEYS[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
}

// The feed counts what is new for the filters in the address; rows never jump, they are loaded when somebody asks.
function listen() {
  const line = byId("line");
  const button = byId("new");
  if (!line || !button) return;
  let source = null;
  let fresh = new Set();
  const show = (state) => {
    line.dataset.state = state;
    line.textContent = line.dataset[state];
  };
  const count = () => {
    button.hidden = fresh.size === 0;
    button.textContent = (fresh.size === 1 ? button.dataset.one : button.dataset.many).replace("{count}", fresh.size);
    document.title = document.title.replace(/^(\(\d+\) )?/, fresh.size ? `(${fresh.size}) ` : "");
  };
  const open = () => {
    if (source) source.close();
    fresh = new Set();
    count();
    show("wait");
    const asked = new URLSearchParams(location.search);
    for (const name of ["before", "page", "sort", "group", "lang"]) asked.delete(name);
    asked.set("after", byId("rows").dataset.newest);
    source = new EventSource(`/feed?${asked}`);
    source.addEventListener("open", () => show("open"));
    source.addEventListener("error", () => show(source.readyState === EventSource.CLOSED ? "ended" : "lost"));
    source.addEventListener("message", (event) => {
      const record = JSON.parse(event.data);
      if (record.state === "retracted") fresh.delete(record.id);
      else fresh.add(record.id);
      count();
    });
  };
  button.addEventListener("click", () => {
    const to = new URL(location.href);
    to.searchParams.delete("before");
    to.searchParams.delete("page");
    htmx.ajax("GET", to.pathname + to.search, { target: "#rows", swap: "outerHTML" });
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (byId("rows")?.dataset.newest !== undefined && event.detail.target?.id === "rows") open();
  });
  addEventListener("pagehide", () => source && source.close());
  open();
}

// On a phone the filters would fill the screen, so they begin folded there.
function fold() {
  const button = byId("fold");
  if (!button) return;
  const set = (folded) => {
    byId("filters").classList.toggle("folded", folded);
    button.setAttribute("aria-expanded", String(!folded));
  };
  button.addEventListener("click", () => set(!byId("filters").classList.contains("folded")));
  set(true);
}

setUpTheme();
fold();
byId("help-open")?.addEventListener("click", () => byId("help").showModal());
document.addEventListener("keydown", onKey);
document.addEventListener("change", (event) => {
  showPicked();
  // What is chosen is shown at once; what is typed when Enter is pressed.
  if (event.target.matches("#filters select, #filters [type=checkbox]")) byId("filters").requestSubmit();
});
document.body.addEventListener("htmx:afterSettle", showPicked);
showPicked();
listen();
