"use strict";
// Two parts: charts that are drawn anew when they come into view, and the sample browser. Text from models and recipes only
// ever becomes a text node.
(() => {
  const theme = JSON.parse(document.getElementById("theme").textContent);

  async function draw(figure) {
    const still = figure.querySelector(".drawing");
    const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    if (figure.dataset.stretch === "1") {
      spec.width = "container";
      spec.autosize = { type: "fit-x", contains: "padding" };
    }
    const live = document.createElement("div");
    for (const name of ["role", "aria-label", "tabindex"]) {
      if (still.hasAttribute(name)) live.setAttribute(name, still.getAttribute(name));
    }
    live.className = "drawing";
    live.style.width = "100%";
    still.style.minHeight = `${still.offsetHeight}px`;
    still.hidden = true;
    still.after(live);
    try {
      const columns = Math.max(1, Math.floor(live.clientWidth / 165));
      const config = { ...theme, legend: { ...theme.legend, columns } };
      await vegaEmbed(live, { ...spec, config }, { actions: false, ast: true, renderer: "svg", mode: "vega-lite", logLevel: 1 });
      live.querySelector("svg").setAttribute("aria-hidden", "true"); // its frame has the label
      still.remove();
      figure.dataset.live = "1";
    } catch (error) {
      live.remove();
      still.hidden = false;
      figure.dataset.live = "0";
      console.warn("chart stays as it was drawn", error);
    }
  }

  let queue = Promise.resolve();
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      // One at a time and between frames, so that scrolling stays smooth.
      queue = queue.then(() => new Promise(requestAnimationFrame)).then(() => draw(target));
    }
  }, { rootMargin: "300px" });
  for (const figure of document.querySelectorAll("figure.chart")) watcher.observe(figure);
})();

(() => {
  const browser = document.querySelector(".browser");
  if (!browser || typeof DecompressionStream === "undefined") return;
  const PAGE = 20;
  const BLOCKS_KEPT = 40;
  const form = browser.querySelector("form");
  const list = document.getElementById("sample-list");
  const pagers = browser.querySelectorAll(".pager");
  const blocks = new Map();
  let facts, found = [], page = 0, turn = 0;

  async function unpack(id) {
    const packed = atob(document.getElementById(id).textContent);
    const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  async function text(row) {
    const number = Math.floor(row / facts.block);
    if (!blocks.has(number)) {
      if (blocks.size >= BLOCKS_KEPT) blocks.delete(blocks.keys().next().value);
      blocks.set(number, unpack(`sample-data-${number}`));
    }
    return (await blocks.get(number))[row % facts.block];
  }

  function chosen(name) {
    const value = form.elements[name].value;
    return value === "" ? null : Number(value);
  }

  function fillProblems() {
    const benchmark = chosen("benchmark"), select = form.elements.problem;
    select.replaceChildren(new Option("all", ""));
    facts.problems.forEach(([owner, id], number) => {
      if (benchmark === null || owner === benchmark) select.append(new Option(id, String(number)));
    });
  }

  function filter() {
    const benchmark = chosen("benchmark");
    const wanted = ["problem", "candidate", "phase", "correct"].map((name) => [facts[name], chosen(name)]);
    found = [];
    for (let row = 0; row < facts.problem.length; row++) {
      if (benchmark !== null && facts.problems[facts.problem[row]][0] !== benchmark) continue;
      if (wanted.every(([column, value]) => value === null || column[row] === value)) found.push(row);
    }
    page = 0;
  }

  function element(tag, content, className) {
    const made = document.createElement(tag);
    if (content !== undefined) made.append(...[content].flat());
    if (className) made.className = className;
    return made;
  }

  function card(row, [written, answer]) {
    const [benchmark, id, prompt, gold] = facts.problems[facts.problem[row]];
    const right = facts.correct[row] === 1;
    const tokens = `${facts.tokens[row]} tokens${facts.cut[row] ? ", cut at the limit" : ""}`;
    const place = ` · ${facts.phases[facts.phase[row]]} · ${facts.benchmarks[benchmark]} · ${id}` +
      ` · seed ${facts.seed[row]}, sample ${facts.index[row]} · ${tokens}`;
    const head = element("h3", [
      element("span", right ? "✓ right" : "✗ wrong", "verdict"), " · ",
      element("b", facts.candidates[facts.candidate[row]]), place,
    ]);
    const asked = element("details", [element("summary", "Problem"), element("pre", prompt)]);
    const answers = element("p", `Answer ${answer === null ? "none found" : answer} · expected ${gold}`, "answers");
    const completion = element("pre", written === "" ? "(empty)" : written);
    completion.dir = "auto";
    return element("li", [head, asked, completion, answers], right ? "right" : "wrong");
  }

  function clamp(item) {
    const shown = item.querySelector(":scope > pre");
    shown.classList.add("clamped");
    if (shown.scrollHeight <= shown.clientHeight + 4) return shown.classList.remove("clamped");
    const button = element("button", "Show all of it");
    button.type = "button";
    button.addEventListener("click", () => { shown.classList.remove("clamped"); button.remove(); });
    shown.after(button);
  }

  async function show() {
    const mine = ++turn;
    const rows = found.slice(page * PAGE, (page + 1) * PAGE);
    const cards = await Promise.all(rows.map(async (row) => card(row, await text(row))));
    if (mine !== turn) return; // a later choice has overtaken this one
    list.replaceChildren(...cards);
    cards.forEach(clamp);
    const from = page * PAGE + 1, to = page * PAGE + rows.length;
    const said = found.length ? `${from} to ${to} of ${found.length.toLocaleString("en")}` : "No sample is like this";
    for (const pager of pagers) {
      pager.querySelector(".count").textContent = said;
      pager.querySelector('[data-page="-1"]').disabled = page === 0;
      pager.querySelector('[data-page="1"]').disabled = to >= found.length;
    }
  }

  async function start() {
    facts = await unpack("sample-data");
    fillProblems();
    filter();
    browser.hidden = false;
    document.getElementById("samples-off").hidden = true;
    await show();
  }

  form.addEventListener("change", (event) => {
    if (event.target.name === "benchmark") fillProblems();
    filter();
    show();
  });
  form.addEventListener("reset", () => setTimeout(() => { fillProblems(); filter(); show(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const pager of pagers) {
    pager.addEventListener("click", (event) => {
      const step = Number(event.target.dataset?.page ?? 0);
      if (!step) return;
      page += step;
      show();
      document.getElementById("samples").scrollIntoView();
    });
  }
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    start();
  }, { rootMargin: "800px" });
  watcher.observe(document.getElementById("samples"));
})();
