// The desk: keys press buttons, buttons ask the server, and the server's HTML is shown. Everything typed is escaped there.
"use strict";
const $ = (query, from = document) => from.querySelector(query);
const $$ = (query, from = document) => [...from.querySelectorAll(query)];
const main = $("#session"), list = $("#entries"), filters = $("#filters"), outcome = $("#outcome"), problem = $("#problem");
const shown = {id: "", beside: "", line: 0, state: ""};
const before = [];  // sessions that were shown, for `back`

// --- the server

async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(path, body && {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
  } catch {
    throw new Error("the desk does not answer, nothing was written: start `em review` again");
  }
  if (!answer.ok) throw new Error((await answer.json()).problem);
  return answer;
}
const html = async (path) => (await ask(path)).text();
const json = async (path, body) => (await ask(path, body)).json();

function tell(text) { problem.textContent = ""; outcome.textContent = text; }
function complain(error) { outcome.textContent = ""; problem.textContent = error.message; }

// --- what is shown

async function refreshList() {
  const wanted = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
  const held = document.activeElement?.dataset.session;
  list.innerHTML = await html(`list?${wanted}`);
  $("#progress").textContent = $("[data-progress]", list).dataset.progress;
  current();
  if (held) $(`[data-session="${CSS.escape(held)}"]`, list)?.focus();
}

function current() {
  for (const link of $$("a[data-session]", list)) {
    if (link.dataset.session === shown.id) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
  }
}

async function show(id, {line = 0, beside = "", keep = false, focus = true} = {}) {
  const at = keep ? scrollY : null;
  main.innerHTML = await html(`session/${encodeURIComponent(id)}${beside ? `?beside=${encodeURIComponent(beside)}` : ""}`);
  if (shown.id && shown.id !== id && before.at(-1) !== shown.id) before.push(shown.id);
  Object.assign(shown, {id, beside, line, state: ""});
  if (decodeURIComponent(location.hash.slice(1)) !== id) history.pushState(null, "", `#${id}`);
  document.title = `${id}: review desk`;
  current();
  if (at !== null) scrollTo(0, at); else scrollTo(0, 0);
  select(line, {focus, quiet: at !== null || line === 0});
}

const lines = () => $$("[data-line]", main);
const row = () => $(`[data-line="${shown.line}"]`, main);

function select(line, {focus = true, quiet = false} = {}) {
  const all = lines();
  if (!all.length) return;
  shown.line = Math.max(0, Math.min(line, all.length - 1));
  for (const each of all) each.classList.toggle("here", each === row());
  if (focus) row().focus({preventScroll: quiet});
  if (!quiet) row().scrollIntoView({block: "nearest"});
}

async function next() {
  const links = $$("a[data-session]", list);
  const at = links.findIndex((link) => link.dataset.session === shown.id);
  const open = links.find((link) => link.classList.contains("open") && link.dataset.session !== shown.id) ?? links[at + 1];
  if (open) await show(open.dataset.session); else tell("nothing else is in the list");
}

// --- what is done

async function act(name, body) {
  const done = await json(`do/${name}`, body);
  tell(done.outcome);
  return done;
}

let judging = false;
async function mark(kind, why = "") {
  if (judging) return;  // a verdict is on what is seen, and the next session is not yet
  judging = true;
  try {
    await act("mark", {session: shown.id, line: null, kind, why});
    await refreshList();
    await next();
  } finally { judging = false; }
}

async function again(line = shown.line) {
  await show(shown.id, {line, beside: shown.beside, keep: true});
  await refreshList();
}

async function edit(text) {
  const here = row(), place = {session: shown.id, line: shown.line};
  if (!here || $("form", here)) return;
  const words = $(".text", here), form = document.createElement("form");
  const field = document.createElement("textarea"), note = document.createElement("p");
  field.value = text ?? words.dataset.text;
  const grow = () => { field.style.height = "auto"; field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`; };
  field.rows = 2;
  field.addEventListener("input", grow);
  field.setAttribute("aria-label", `message ${shown.line}, by ${$(".nick", here).textContent}: new words`);
  note.className = "note";
  note.setAttribute("role", "alert");
  note.id = "refused";
  field.setAttribute("aria-describedby", note.id);
  form.className = "edit";
  form.append(field, note);
  const alike = await json(`alike?${new URLSearchParams(place)}`);
  let all;
  if (alike) {
    const label = document.createElement("label");
    all = document.createElement("input");
    all.type = "checkbox";
    label.append(all, ` also ${alike} ${alike === 1 ? "line" : "lines"} alike in other sessions`);
    form.append(label);
  }
  const hint = document.createElement("p");
  hint.className = "note keys";
  hint.textContent = "Enter saves, Esc leaves it as it was";
  form.append(hint);
  words.hidden = true;
  words.after(form);
  grow();
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
  const close = () => { form.remove(); words.hidden = false; here.focus(); };
  form.addEventListener("keydown", async (event) => {
    event.stopPropagation();
    if (event.key === "Escape") close();
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    try {
      await act("edit", {...place, text: field.value, alike: Boolean(all?.checked)});
    } catch (error) {
      note.textContent = error.message;
      return;
    }
    close();
    await again(place.line);
  });
}

// Whether the machine was right in all that it said about this line.
async function check(right) {
  const rules = [...new Set($$("[data-rule]", row()).map((each) => each.dataset.rule))];
  if (!rules.length) return tell("the machine said nothing about this line");
  await act("check", {session: shown.id, line: shown.line, rules, right});
  await again();
}

const actions = {
  good: () => mark("good"),
  bad: () => { const dialog = $("#why"); $("input", dialog).value = ""; dialog.returnValue = ""; dialog.showModal(); },
  badline: async () => {
    const bad = row()?.dataset.bad;
    await act("mark", {session: shown.id, line: shown.line, kind: bad ? "clear" : "bad", why: ""});
    await again();
  },
  edit: () => edit(),
  wrong: () => check(false),
  right: () => check(true),
  restore: async () => { await act("restore", {session: shown.id, line: shown.line}); await again(); },
  ask: async () => {
    tell("the model is asked …");
    const done = await act("ask", {session: shown.id, line: shown.line});
    // A model takes its time: whoever has gone on meanwhile is not pulled back, and no other session's line is opened.
    if (shown.id !== done.session) return tell(`${done.session} message ${done.line}, the model proposes: ${done.text}`);
    if ($("form.edit") || $("dialog[open]")) return tell(`message ${done.line}, the model proposes: ${done.text}`);
    select(done.line);
    await edit(done.text);
  },
  again: async () => { await act("again", {session: shown.id, line: shown.line}); await refreshList(); },
  variant: async () => {
    const all = $$("[data-variant]", main).map((link) => link.dataset.variant).filter((id) => id !== shown.id);
    if (!all.length) return tell("this session has no other variant");
    const beside = all[all.indexOf(shown.beside) + 1] ?? "";
    await show(shown.id, {beside, line: shown.line, keep: true});
    tell(beside ? `${beside} stands beside` : "alone again");
  },
  choose: async () => { const done = await act("choose", {session: shown.beside}); await show(done.session); await refreshList(); },
  undo: async () => {
    const done = await act("undo", {});
    await refreshList();
    await show(done.session, {line: done.line ?? 0});
  },
  back: async () => { const last = before.pop(); if (last) { await show(last); if (before.at(-1) !== last) before.pop(); } else tell("this is where you began"); },
  next,
  figures: async () => { $("#figures .body").innerHTML = await html("figures"); $("#figures").showModal(); },
  help: () => $("#help").showModal(),
  close: () => $("dialog[open]")?.close(),
};

async function run(name) {
  try { await actions[name](); } catch (error) { complain(error); }
}

// --- keys and clicks

const moves = {j: 1, ArrowDown: 1, k: -1, ArrowUp: -1};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $("dialog[open]")) return;
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "Escape") { if (typing) row()?.focus(); return; }
  if (typing) return;
  if (event.key in moves && !event.target.closest("nav")) { event.preventDefault(); return select(shown.line + moves[event.key]); }
  if (event.repeat) return;
  if (event.key === "Enter" && event.target === row()) { event.preventDefault(); return run("edit"); }
  if (event.key === "/" || event.key === "f") {
    event.preventDefault();
    $("#drawer").open = true;
    return $(event.key === "/" ? "[name=text]" : "select", filters).focus();
  }
  if (event.key === "o") return run("restore");
  if (event.key === "g" || event.key === "G") return run(event.key === "g" ? "wrong" : "right");
  if (event.key === "r") return main.classList.toggle("plain");
  const button = $(`button[data-key="${CSS.escape(event.key)}"]:not([disabled])`);
  if (button) { event.preventDefault(); run(button.dataset.do); }
});
addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button) return run(button.dataset.do);
  const link = event.target.closest("a[data-session], a[data-variant]");
  if (link) {
    event.preventDefault();
    if (narrow.matches) $("#drawer").open = false;
    return show(link.dataset.session ?? link.dataset.variant).catch(complain);
  }
  const line = event.target.closest("[data-line]");
  if (line && !event.target.closest("form")) select(Number(line.dataset.line), {quiet: true});
});
main.addEventListener("focusin", (event) => {
  const line = event.target.closest("[data-line]");
  if (line) select(Number(line.dataset.line), {focus: false, quiet: true});
});
$("#why").addEventListener("close", () => {
  const dialog = $("#why");
  if (dialog.returnValue === "go") mark("bad", $("input", dialog).value).catch(complain); else row()?.focus();
});
for (const other of [$("#figures"), $("#help")]) other.addEventListener("close", () => row()?.focus());
let typed;
filters.addEventListener("input", () => { clearTimeout(typed); typed = setTimeout(() => refreshList().catch(complain), 150); });
filters.addEventListener("submit", (event) => { event.preventDefault(); $("a[data-session]", list)?.focus(); });
addEventListener("popstate", () => { const id = decodeURIComponent(location.hash.slice(1)); if (id && id !== shown.id) show(id).catch(complain); });

// --- what others do meanwhile, and a run that is being played

async function watch() {
  try {
    const state = await json(`state?${new URLSearchParams({session: shown.id})}`), text = JSON.stringify(state);
    if (problem.textContent.startsWith("the desk does not answer")) tell("the desk answers again");
    if (shown.state && text !== shown.state && !$("form.edit") && !$("dialog[open]")) {
      if (state.outcome && !shown.state.includes(JSON.stringify(state.outcome))) tell(state.outcome);
      const held = document.activeElement;
      await refreshList();
      if (shown.id) await show(shown.id, {line: shown.line, beside: shown.beside, keep: true, focus: main.contains(held)});
    }
    shown.state = text;
  } catch (error) { complain(error); }
  setTimeout(watch, 1000);
}

const narrow = matchMedia("(max-width: 760px)");
(async () => {
  if (narrow.matches) $("#drawer").open = false;
  try {
    await refreshList();
    const first = decodeURIComponent(location.hash.slice(1)) || $("a[data-session]", list)?.dataset.session;
    if (first) await show(first); else main.textContent = "The run has no session yet.";
  } catch (error) { complain(error); }
  performance.mark("desk-ready");
  watch();
})();
