"use strict";
// The list of transcripts. All text reaches the page as text nodes: what people typed is never read as HTML.
(() => {
  const LETTERS = "ab", PAGE = 150;
  const CLAIMS = ["beat", "owed", "addressed", "mentioned", "answered", "question", "silence"];
  const FILTERS = ["run", "state", "rule", "engagement", "channel", "length", "pattern", "group"];
  const $ = (id) => document.getElementById(id);
  const still = matchMedia("(prefers-reduced-motion: reduce)"), narrow = matchMedia("(max-width: 760px)");
  let index, shown = [], drawn = 0, current = null, texts = null, loading = null, turn = 0;
  const opened = new Map();

  // Characters that show nothing, or turn the direction of what follows, are shown by their number.
  function visible(text) {
    return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
      (c) => `⟨U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
  }

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children.map((child) => (typeof child === "string" ? visible(child) : child)));
    return made;
  }

  function bytes(packed) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(packed);
    const text = atob(packed), found = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) found[at] = text.charCodeAt(at);
    return found;
  }

  function unpack(packed) {
    return new Response(new Blob([bytes(packed)]).stream().pipeThrough(new DecompressionStream("gzip")));
  }

  function block(number) {
    const blocks = document.getElementsByClassName("block");
    if (!opened.has(number)) opened.set(number, unpack(blocks[number].textContent).json());
    return opened.get(number);
  }

  // Filters and search

  function choices() {
    for (const name of FILTERS) {
      const select = $("f-" + name);
      if (!select) continue;
      select.append(element("option", { value: "" }, "any"));
      const values = new Set(index.sessions.flatMap((s) => valuesOf(s, name)));
      for (const value of [...values].sort()) select.append(element("option", { value }, value));
    }
  }

  function valuesOf(session, name) {
    if (name === "run") return [index.runs[session.run]];
    if (name === "rule") return [...session.rules.map((r) => "rejected: " + r), ...session.refused.map((r) => "refused: " + r), ...session.marks];
    return [session[name]];
  }

  // What is said, in small letters, a line for each message, read when somebody first searches.
  function read() {
    loading ??= (async () => {
      say("Reading the transcripts…");
      const said = (await unpack($("said").textContent).text()).split("\0");
      const found = new Map(index.sessions.filter((session) => session.at).map((session, place) => [session, said[place]]));
      texts = found;
    })();
    return loading;
  }

  async function filter() {
    const mine = ++turn, wanted = $("f-text").value.trim().toLowerCase(), nick = $("f-nick").value.trim().toLowerCase();
    if ((wanted || nick) && !texts) await read();
    if (mine !== turn) return;
    const set = FILTERS.filter((name) => $("f-" + name)?.value);
    shown = index.sessions.filter((session) => {
      if (!set.every((name) => valuesOf(session, name).includes($("f-" + name).value))) return false;
      session.hits = 0;
      if (!wanted && !nick) return true;
      const said = texts.get(session) ?? "";
      if (!said.includes(wanted)) return false;
      for (const line of said.split("\n")) {
        const after = line.indexOf("\t");
        if (after > 0 && (!nick || line.slice(0, after) === nick) && line.includes(wanted, after + 1)) session.hits++;
      }
      return session.hits > 0;
    });
    const without = index.sessions.filter((s) => !s.at).length;
    const among = (wanted || nick) && without ? `, searched in the ${(index.sessions.length - without).toLocaleString("en")} that are in this page` : "";
    say(`${shown.length.toLocaleString("en")} of ${index.sessions.length.toLocaleString("en")} sessions${among}`);
    drawn = 0;
    $("list").replaceChildren();
    more();
  }

  function say(text) { $("count").value = text; }

  function more() {
    const rows = shown.slice(drawn, drawn + PAGE).map(row);
    $("list").append(...rows);
    drawn += rows.length;
    $("more").hidden = drawn >= shown.length;
  }

  function address(session) { return `#${LETTERS[session.run]}-${session.id}`; }

  function row(session) {
    const state = session.state === "rejected" ? session.rules.join(", ") : session.state === "kept" ? "" : session.state;
    const hits = session.hits ? `${session.hits} line${session.hits > 1 ? "s" : ""} ` : "";
    const link = element("a", { href: address(session) },
      element("span", session.at ? {} : { class: "absent" }, (index.runs.length > 1 ? LETTERS[session.run].toUpperCase() + " " : "") + session.id),
      element("span", {}, `${session.channel} ${session.engagement} ${session.pattern}`),
      element("span", { class: "n" }, `${hits}${session.by_lead}/${session.messages}`),
      element("span", { class: "topic" }, state ? element("b", { class: "bad" }, state + " ") : "", session.topic));
    if (session === current) link.setAttribute("aria-current", "true");
    return element("li", {}, link);
  }

  // One transcript

  async function follow() {
    const session = index.sessions.find((s) => address(s) === location.hash);
    if (!session) return;
    current = session;
    for (const link of $("list").querySelectorAll("a")) {
      link.toggleAttribute("aria-current", link.hash === location.hash);
      if (link.hash === location.hash) { link.setAttribute("aria-current", "true"); link.scrollIntoView({ block: "nearest" }); }
    }
    const pane = $("transcript"), absent = !session.at;
    const told = `${session.channel} ${session.engagement}, ${session.pattern}/${session.scenario}, ${session.by_lead} of ${session.messages} messages by the lead`;
    const head = [element("h3", {}, `${session.id}: ${session.state}`), element("p", { class: "note" }, `${told}. ${session.group}: ${session.topic}${session.score == null ? "" : `. Judge: ${session.score}`}`)];
    if (absent) {
      pane.replaceChildren(...head, element("p", {}, "This transcript is not in the page. ", element("code", {}, `em show ${index.runs[session.run]} ${session.id}`), " prints it."));
    } else {
      const transcript = (await block(session.at[0]))[session.at[1]];
      if (current !== session) return;
      pane.replaceChildren(...head, ...lines(transcript));
    }
    (narrow.matches ? pane.parentElement : $("browser")).scrollIntoView({ behavior: still.matches ? "auto" : "smooth", block: "start" });
    pane.focus({ preventScroll: true });
  }

  function lines([begins, lead, reasons, events]) {
    const list = element("ol", { class: "lines" });
    const searched = $("f-text").value.trim();
    const colours = new Map(), places = [];
    let by = 0;
    const all = events.filter((e) => e[0] === "said" && e[2] === lead).length;
    for (const [kind, at, nick, text = "", why = {}, cue = "", refused = []] of events) {
      if (!colours.has(nick)) colours.set(nick, "c" + (colours.size % 8));
      const own = nick === lead;
      for (const [tried, rule, evidence] of refused) list.append(line("try", at, nick, own, colours, tried, aside(`refused, ${rule}${evidence && ": "}${evidence}`, "fault")));
      if (kind === "said" || kind === "acted") {
        const faults = kind === "said" ? reasons.filter((r) => r[1] === places.length) : [];
        const made = line(kind, at, nick, own, colours, "");
        marked(made.querySelector(".text"), (kind === "acted" ? "* " : "") + text, faults.map((f) => f[2]), searched);
        if (own && kind === "said") {
          const claim = CLAIMS.find((name) => name in why);
          made.append(aside(`${++by} of ${all}${claim ? ", " + (claim === "beat" ? "in the script" : claim) : ""}`));
        }
        for (const [rule, , evidence] of faults) made.append(aside(`${rule}${evidence && ": "}${evidence}`, "fault"));
        made.append(aside((cue ? `${cue}; ` : "") + Object.entries(why).map(([name, factor]) => `${name} ${factor}`).join(", "), "why"));
        if (faults.length) made.classList.add("faulty");
        if (kind === "said") places.push(made);
        list.append(made);
      } else if (kind === "passed") {
        list.append(line("pass", at, nick, own, colours, own ? `stays silent: ${why}` : `says nothing: ${why}`));
      } else {
        const words = { joined: "joins", parted: "leaves", renamed: `is now ${text}`, topic: `topic: ${text}` }[kind] ?? kind;
        list.append(line("event", at, nick, false, colours, words));
      }
    }
    if (!reasons.length) return [list];
    const why = reasons.map(([rule, place, evidence]) => {
      const item = element("li", {}, element("b", { class: "bad" }, rule), " ");
      if (place != null && places[place]) {
        const jump = element("button", { type: "button" }, `message ${place}`);
        jump.onclick = () => places[place].scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
        item.append(jump, " ");
      }
      item.append(element("bdi", {}, evidence));
      return item;
    });
    return [element("ul", { class: "reasons", "aria-label": "What rules, judge and people say of it" }, ...why), list];

    function line(kind, seconds, nick, own, colours, text, ...more) {
      const clock = new Date((begins + seconds) * 1000).toISOString().slice(11, 16);
      return element("li", { class: kind + (own ? " lead" : "") }, element("time", {}, clock),
        element("span", { class: "nick " + (own ? "" : colours.get(nick)), title: nick }, nick),
        element("bdi", { class: "text" }, text), ...more);
    }
  }

  function aside(text, kind = "") {
    return element("bdi", { class: "aside " + kind }, text);
  }

  // Evidence may be clipped, in two parts, or begin by naming an earlier message; where it is not in the line, the line stands for it.
  function marked(target, text, evidences, searched) {
    const spots = [];
    const low = text.toLowerCase();
    for (const evidence of evidences) {
      for (const part of evidence.replace(/^as (message \d+|before): /, "").split("…").map((p) => p.trim().toLowerCase())) {
        const at = part ? low.indexOf(part) : -1;
        if (at >= 0) spots.push([at, at + part.length, "fault"]);
      }
    }
    if (searched) for (let at = low.indexOf(searched.toLowerCase()); at >= 0; at = low.indexOf(searched.toLowerCase(), at + searched.length)) spots.push([at, at + searched.length, ""]);
    spots.sort((one, other) => one[0] - other[0]);
    let from = 0;
    for (const [begin, end, kind] of spots) {
      if (begin < from) continue;
      target.append(visible(text.slice(from, begin)), element("mark", kind ? { class: kind } : {}, text.slice(begin, end)));
      from = end;
    }
    target.append(visible(text.slice(from)));
  }

  // Keys: never while somebody types, and never with a modifier.
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches?.("input[type=search], select, textarea");
    if (event.key === "Escape") {
      if (typing && event.target.value && event.target.type === "search") { event.target.value = ""; filter(); } else focus(0);
    } else if (typing) {
      if (event.key === "Enter" && event.target.type === "search") { event.preventDefault(); focus(0); }
      return;
    } else if (event.key === "/") { $("f-text").focus(); } else if (event.key === "j") { focus(1); } else if (event.key === "k") { focus(-1); } else { return; }
    event.preventDefault();
  }

  // To the next or previous row from where the focus is, or else from the open session; 0 goes back to that one.
  function focus(step) {
    const links = () => [...$("list").querySelectorAll("a")];
    let rows = links();
    const at = Math.max(rows.indexOf(document.activeElement), rows.findIndex((row) => document.activeElement.closest("#list") === null && row.hasAttribute("aria-current")));
    if (at + step >= rows.length && !$("more").hidden) { more(); rows = links(); }
    const to = rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)];
    to?.focus();
  }

  async function begin() {
    if (!("DecompressionStream" in window)) return;
    index = await unpack($("index").textContent).json();
    $("nicks").replaceChildren(...index.nicks.map((nick) => element("option", { value: nick })));
    $("browser").hidden = false;
    choices();
    let waiting = 0;
    $("filters").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
    $("filters").addEventListener("reset", () => setTimeout(filter));
    $("filters").addEventListener("submit", (event) => event.preventDefault());
    $("more").addEventListener("click", more);
    $("shows").addEventListener("input", shows);
    document.addEventListener("keydown", key);
    window.addEventListener("hashchange", follow);
    shows();
    await filter();
    performance.mark("browser-ready");
    await follow();
  }

  function shows() {
    for (const box of $("shows").querySelectorAll("input")) $("transcript").classList.toggle("no-" + box.value, !box.checked);
  }

  document.addEventListener("DOMContentLoaded", begin);
})();
