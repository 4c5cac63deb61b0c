// The page: its setting, which is also its address, the requests to the workers, and what is drawn.

const $ = (id) => document.getElementById(id);
// Fields: interval of the values, ends of the slider, and how the slider's place becomes a value.
const log = { to: Math.log10, from: (u) => Number((10 ** u).toPrecision(3)) };
const near_one = { to: (v) => -Math.log10(1 - v), from: (u) => Number((1 - 10 ** -u).toPrecision(4)) };
const FIELDS = {
  alpha: { name: "α", interval: "(0, inf)", ends: [1e-3, 1e3], ...log },
  beta1: { name: "β₁", interval: "[0, 1)", ends: [0, 0.999], ...near_one },
  beta2: { name: "β₂", interval: "[0, 1)", ends: [0, 0.9999], ...near_one },
  final_lr: { name: "α*", interval: "(0, inf)", ends: [1e-3, 10], ...log },
  gamma: { name: "γ", interval: "(0, inf]", ends: [1e-5, 10], ...log },
  C: { name: "C", interval: "[1, 1e6]", ends: [2, 1000], ...log },
  K: { name: "K", interval: "[1, 1e9]", whole: true, ends: [1, 1e6], ...log },
  condition: { name: "k", interval: "(0, inf)", ends: [1, 1000], ...log },
  T: { name: "T", interval: "[1, 5e6]", whole: true, ends: [1, 5e6], ...log },
  scale: { name: "s", interval: "(0, inf)", ends: [1e-4, 1e4], ...log },
  seed: { name: "seed", interval: `[0, ${SEEDS.length - 1}]`, whole: true, ends: [0, SEEDS.length - 1], to: Number, from: Math.round },
};
const WHOLE_C = ["reddi-online", "reddi-theorem2", "luo-theorem1"];
const COMMON = { final_lr: 0.1, gamma: 0.001, T: 10000, scale: 1, form: "paper" };
const VIEWS = { "quadratic-2d": [[-2, 2], [-1.5, 1.5]], rosenbrock: [[-2, 2], [-1, 3]] };

const defaults_of = (problem) => ({ ...COMMON, ...DATA.problems[problem].defaults, problem });
const used = (key, p) => key in defaults_of(p.problem) && !(p.problem === "savarese" && ["final_lr", "gamma"].includes(key));
const is_whole = (key, p) => FIELDS[key].whole || (key === "C" && WHOLE_C.includes(p.problem));
const is_two = (p) => Array.isArray(DATA.problems[p.problem].x1);

let state = { ...defaults_of("reddi-theorem1"), optimizers: PAGE.optimizers.slice(0, 4), scene: 0, stepped: "", step: 1, coordinate: 0 };
let courses = new Map(), wrong = {};

// What is wrong with a text as the value of a field; "" if nothing is.
function complaint(key, text, p) {
  const { name, interval } = FIELDS[key], value = Number(text);
  try {
    if (String(text).trim() === "" || Number.isNaN(value)) throw new RangeError(`${name} must be a number, got '${text}'`);
    within(name, value, interval.replace(/\de\d/g, (n) => String(Number(n))));
    if (is_whole(key, p) && !Number.isInteger(value)) throw new RangeError(`${name} must be a whole number, got ${text}`);
    if (used(key, p)) new Run(PAGE.optimizers[0], { ...defaults_of(p.problem), [key]: value });
  } catch (error) {
    return error.message;
  }
  return "";
}

// The setting as an address, and an address as a setting, with what is wrong with it.
function address() {
  const given = new URLSearchParams({ problem: state.problem, form: state.form, optimizers: state.optimizers.join(",") });
  for (const key of Object.keys(FIELDS)) if (used(key, state)) given.set(key, state[key]);
  if (state.step > 1) given.set("t", state.step);
  return `#${given}`;
}

function read(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, "")), problems = [];
  const choose = (key, allowed, otherwise) => {
    const value = given.get(key);
    if (value === null || allowed.includes(value)) return value ?? otherwise;
    problems.push(`${key} must be one of ${allowed.join(", ")}, got '${value}'`);
    return otherwise;
  };
  const problem = choose("problem", Object.keys(DATA.problems), "reddi-theorem1");
  const made = { ...state, ...defaults_of(problem), step: 1, scene: 0 };
  made.form = choose("form", ["paper", "released"], "paper");
  if (given.get("optimizers") !== null) {
    const names = given.get("optimizers").split(",");
    const known = names.filter((name) => PAGE.optimizers.includes(name));
    if (known.length < names.length || !known.length)
      problems.push(`optimizers must be some of ${PAGE.optimizers.join(", ")}, got '${given.get("optimizers")}'`);
    if (known.length) made.optimizers = known;
  }
  for (const [key, text] of given) {
    if (key in FIELDS) {
      const reason = complaint(key, text, made);
      if (reason) problems.push(reason);
      else made[key] = Number(text);
    } else if (key === "t") {
      if (/^[1-9]\d{0,6}$/.test(text)) made.step = Number(text);
      else problems.push(`t must be a whole number of at least 1, got '${text}'`);
    } else if (!["problem", "form", "optimizers"].includes(key)) problems.push(`unknown '${key}'`);
  }
  made.step = Math.min(made.step, made.T);
  return [made, problems];
}

// Requests. An answer to an older request is let go.
const source = URL.createObjectURL(new Blob([$("module").textContent, WORKER], { type: "text/javascript" }));
let number_of_requests = 0;
function ask(kind, take) {
  const worker = new Worker(source);
  let latest = 0;
  worker.onmessage = ({ data }) => data.id === latest && take(data);
  worker.onerror = (event) => take({ kind: "error", value: event.message });
  return (request) => worker.postMessage({ ...request, kind, id: (latest = ++number_of_requests) });
}
const ask_runs = ask("runs", ({ kind, value }) => {
  if (kind === "course") courses.set(value.name, value);
  if (kind === "error") $("status").textContent = value;
  if (kind === "course" && courses.size < state.optimizers.length) return;
  if (kind === "course") draw();
  if (kind === "done") document.body.dataset.ready = number_of_requests;
});
const ask_box = ask("box", ({ kind, value }) => {
  if (kind === "box") draw_box(value);
  $("step-notice").textContent = kind === "error" ? value : "";
});
const ask_plane = ask("plane", ({ kind, value }) => kind === "plane" && value && draw_plane(value));

function setting() {
  const p = { problem: state.problem, form: state.form, x1: state.x1 };
  for (const key of Object.keys(FIELDS)) if (used(key, state)) p[key] = state[key];
  return p;
}

let asked = false;
function update() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    show_controls();
    if (Object.keys(wrong).length) return;
    history.replaceState(null, "", address());
    courses = new Map();
    delete document.body.dataset.ready;
    $("status").textContent = state.T > 100_000 ? `${state.T} steps of each optimizer are running …` : "";
    ask_runs({ names: state.optimizers, p: setting() });
    ask_step();
    request_plane();
  });
}

// Controls.
function build() {
  for (const name of Object.keys(DATA.problems)) $("problem").append(new Option(PAGE.problems[name].title, name));
  for (const name of PAGE.optimizers) {
    const { title, color } = DATA.optimizers[name], label = document.createElement("label"), box = document.createElement("input");
    Object.assign(box, { type: "checkbox", value: name, name: "optimizer" });
    const line = element("path", { d: "M0 6H26", stroke: ink(color), "stroke-width": 2.5, "stroke-dasharray": PAGE.dashes[name] });
    const swatch = element("svg", { width: 26, height: 12, "aria-hidden": "true" }, line);
    label.append(box, " ", swatch, ` ${title}`);
    $("optimizers").append(label);
  }
  for (const row of document.querySelectorAll(".slider")) {
    const key = row.dataset.key, { ends: [low, high], to, name } = FIELDS[key];
    const slider = Object.assign(document.createElement("input"), { type: "range", min: to(low), max: to(high), step: "any" });
    const typed = Object.assign(document.createElement("input"), { id: key, inputMode: "decimal", autocomplete: "off" });
    const reason = Object.assign(document.createElement("div"), { className: "wrong", id: `${key}-wrong` });
    if (is_whole(key, {})) slider.step = key === "seed" ? 1 : "any";
    slider.setAttribute("aria-label", `${name}, slider`);
    typed.setAttribute("aria-describedby", reason.id);
    slider.addEventListener("input", () => {
      const value = FIELDS[key].from(Number(slider.value));
      set(key, String(is_whole(key, state) ? Math.round(value) : value));
    });
    typed.addEventListener("input", () => set(key, typed.value));
    row.append(typed, slider, reason);
  }
  $("mapped").textContent = DATA.optimizers[PAGE.mapped].title;
  $("scenes").hidden = !PAGE.scenes.length;
  PAGE.scenes.forEach((scene, k) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: scene.title });
    button.addEventListener("click", () => show_scene(k + 1));
    const item = document.createElement("li");
    item.append(button);
    $("scene-list").append(item);
  });
  $("problem").addEventListener("change", () => change({ ...defaults_of($("problem").value), form: state.form, step: 1 }));
  $("form").addEventListener("change", (event) => change({ form: event.target.value }));
  $("optimizers").addEventListener("change", () => {
    const names = [...document.querySelectorAll("[name=optimizer]:checked")].map((box) => box.value);
    if (names.length) change({ optimizers: names });
    else show_controls(); // at least one stays
  });
  $("reset").addEventListener("click", () => change({ ...defaults_of(state.problem), form: state.form }));
  $("copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      $("status").textContent = "The link is copied.";
    } catch {
      $("status").textContent = `The link is the page's address: ${location.href}`;
    }
  });
  $("horizontal").addEventListener("change", request_plane);
  $("stepped").addEventListener("change", () => { state.stepped = $("stepped").value; ask_step(); });
  $("coordinate").addEventListener("change", () => { state.coordinate = Number($("coordinate").value); ask_step(); });
  $("previous").addEventListener("click", () => go_to(state.step - 1));
  $("next").addEventListener("click", () => go_to(state.step + 1));
  $("step").addEventListener("input", () => go_to($("step").value));
  addEventListener("hashchange", () => open(location.hash));
}

function set(key, text) {
  const reason = complaint(key, text, state);
  if (reason) wrong[key] = [reason, text];
  else delete wrong[key];
  change(reason ? {} : { [key]: Number(text) });
}

function change(values) {
  if (values.problem) wrong = {};
  state = { ...state, ...values, scene: values.scene ?? 0 };
  state.step = Math.min(state.step, state.T);
  $("notice").textContent = "";
  update();
}

function open(hash) {
  const [made, problems] = read(hash);
  wrong = {};
  state = made;
  $("notice").textContent = problems.length ? `The link is damaged: ${problems.join("; ")}. The rest of it is used.` : "";
  update();
}

function show_scene(number) {
  const { preset, t } = PAGE.scenes[number - 1];
  wrong = {};
  change({ ...defaults_of(preset.problem), ...preset, scene: number, step: t ?? 1, stepped: preset.optimizers[0] });
}

function show_controls() {
  $("problem").value = state.problem;
  $("formula").textContent = PAGE.problems[state.problem].formula;
  for (const radio of document.querySelectorAll("[name=form]")) radio.checked = radio.value === state.form;
  for (const box of document.querySelectorAll("[name=optimizer]")) box.checked = state.optimizers.includes(box.value);
  for (const row of document.querySelectorAll(".slider")) {
    const key = row.dataset.key, [typed, slider, reason] = row.querySelectorAll("input:not([type]), input[type=range], .wrong");
    row.hidden = !used(key, state);
    typed.setAttribute("aria-invalid", key in wrong);
    reason.textContent = wrong[key]?.[0] ?? "";
    if (document.activeElement !== typed) typed.value = wrong[key]?.[1] ?? state[key];
    if (document.activeElement !== slider && !(key in wrong)) slider.value = FIELDS[key].to(state[key]);
  }
  document.querySelectorAll("#scene-list button").forEach((button, k) => button.setAttribute("aria-pressed", state.scene === k + 1));
  $("scene-text").textContent = state.scene ? PAGE.scenes[state.scene - 1].text : "";
  const other = used("C", state) ? ["C", "beta1"] : ["beta1"], horizontal = $("horizontal");
  if (horizontal.length !== other.length) horizontal.replaceChildren(...other.map((key) => new Option(FIELDS[key].name, key)));
  if ($("stepped").dataset.names !== String(state.optimizers)) {
    $("stepped").replaceChildren(...state.optimizers.map((name) => new Option(DATA.optimizers[name].title, name)));
    $("stepped").dataset.names = state.optimizers;
  }
  if (!state.optimizers.includes(state.stepped)) state.stepped = state.optimizers.find((name) => name === "adabound") ?? state.optimizers[0];
  $("stepped").value = state.stepped;
  $("coordinate-label").hidden = !is_two(state);
}

// Charts.
function line_of(name, d) {
  const { color } = DATA.optimizers[name];
  return element("path", { d, fill: "none", stroke: ink(color), "stroke-width": 2, "stroke-dasharray": PAGE.dashes[name], "data-name": name });
}

function draw() {
  const all = state.optimizers.map((name) => courses.get(name)), [first] = all, steps = [1, Math.max(state.T, 2)];
  const names = all.map((made) => DATA.optimizers[made.name].title).join(", ");
  if (is_two(state)) draw_paths(all, names);
  else {
    const best = first.end.best, edges = first.feasible ?? [];
    const numbers = all.flatMap((made) => [...made.low, ...made.high]);
    const [low, high] = range_of([...numbers, best, ...edges], false, first.feasible ? Infinity : 1e3);
    const svg = picture("iterates", `x_t of ${names} over t`), margin = 0.04 * (high - low || 1);
    const { x, y } = axes(svg, { xs: steps, ys: [low - margin, high + margin], xlog: true, xname: "t", yname: "x" });
    for (const value of [best, ...edges]) svg.append(element("path", { class: "rule", d: `M${LEFT} ${y.to_pixel(value)}H${WIDTH - RIGHT}` }));
    svg.append(element("text", { x: LEFT + 4, y: y.to_pixel(best) - 5 }, "x*, the best point"));
    for (const made of all) svg.append(line_of(made.name, path_of(made.t, made.low, made.high, x, y)));
  }
  draw_regret(all, names, steps);
  draw_rates(all, names, steps);
  draw_results(all);
  $("status").textContent = all.some((made) => ![made.end.x].flat().every(Number.isFinite))
    ? "At least one run has left the range of floating-point numbers." : "";
}

function draw_paths(all, names) {
  const [xs, ys] = VIEWS[state.problem], svg = picture("iterates", `Paths of ${names} on contours of f`);
  const { x, y } = axes(svg, { xs, ys, xname: "x", yname: "y" });
  const problem = plain.problems[state.problem].make(setting());
  svg.append(contours((a, b) => problem.value(a, b), xs, ys, x, y));
  const inside = (value) => Math.min(Math.max(value, -200), WIDTH + 200);
  for (const made of all) {
    const points = [DATA.problems[state.problem].x1, ...made.path].filter((point) => point.every(Number.isFinite));
    const d = points.map(([a, b]) => `${inside(x.to_pixel(a)).toFixed(1)} ${inside(y.to_pixel(b)).toFixed(1)}`).join("L");
    svg.append(line_of(made.name, `M${d}`));
  }
  const [a, b] = problem.minimum;
  svg.append(element("circle", { cx: x.to_pixel(a), cy: y.to_pixel(b), r: 4, fill: "var(--ink)" }));
}

function draw_regret(all, names, steps) {
  const numbers = all.flatMap((made) => made.average), ylog = numbers.every((v) => !(v < 0)) && numbers.some((v) => v > 0);
  let ys = range_of(numbers, ylog, 1e12);
  if (ylog) ys = [Math.max(ys[0], ys[1] * 1e-9), ys[1]];
  const svg = picture("regret", `Average regret of ${names} over t`);
  const { x, y } = axes(svg, { xs: steps, ys, xlog: true, ylog, xname: "t", yname: "Rₜ / t" });
  for (const made of all) svg.append(line_of(made.name, path_of(made.t, made.average, made.average, x, y)));
}

function draw_rates(all, names, steps) {
  const bounded = all.filter((made) => made.bounds), strips = 14 * bounded.length;
  const low = all.flatMap((made) => made.rate_low), high = all.flatMap((made) => made.rate_high);
  const [least, most] = range_of([...low, ...high], true, 1e12);
  const ys = [Math.max(least / 3, most * 1e-9), most * 3];
  const svg = picture("rates", `Rates of ${names} over t, and the bounds`);
  const { x, y } = axes(svg, { xs: steps, ys, xlog: true, ylog: true, xname: "t", yname: "η̂ₜ" }, BOTTOM + strips);
  const pixel = (value) => Math.min(Math.max(y.to_pixel(Math.max(value, 1e-300)), TOP), HEIGHT - BOTTOM - strips);
  for (const made of bounded.slice(0, 1)) {
    const upper = made.t.map((t, k) => `${x.to_pixel(t).toFixed(1)} ${pixel(made.bounds[k][1]).toFixed(1)}`);
    const lower = made.t.map((t, k) => `${x.to_pixel(t).toFixed(1)} ${pixel(made.bounds[k][0]).toFixed(1)}`);
    svg.append(element("path", { d: `M${upper.join("L")}L${lower.reverse().join("L")}Z`, fill: "var(--funnel)" }));
  }
  for (const made of all) svg.append(line_of(made.name, path_of(made.t, made.rate_low, made.rate_high, x, y)));
  bounded.forEach((made, row) => {
    const top = HEIGHT - 12 - 14 * (bounded.length - row) + 8;
    const color = ink(DATA.optimizers[made.name].color);
    svg.append(element("text", { x: LEFT - 4, y: top + 9, "text-anchor": "end", class: "small" }, DATA.optimizers[made.name].title.slice(0, 9)));
    made.clip.forEach((side, k) => {
      if (!side) return;
      const from = x.to_pixel(made.t[k - 1] ?? 1), width = Math.max(x.to_pixel(made.t[k]) - from, 1.5);
      svg.append(element("rect", { x: from, y: side === "upper" ? top : top + 5, width, height: 5, fill: color }));
    });
  });
}

function draw_results(all) {
  const text = (value) => [value].flat().map((v) => (Number.isFinite(v) ? String(Number(v.toPrecision(6))).replace("-", "−") : shown(v))).join(", ");
  const head = ["optimizer", "x_T", "best x", "R_T", "R_T / T"];
  fill_table("results", head, all.map(({ name, end }) => [DATA.optimizers[name].title, text(end.x), text(end.best), text(end.regret), text(end.average)]));
}

function fill_table(id, head, rows) {
  const row = (cells, name) => {
    const made = document.createElement("tr");
    for (const cell of cells) {
      const td = document.createElement(name);
      if (typeof cell === "string") td.textContent = cell;
      else td.append(cell);
      if (name === "th") td.scope = "col";
      made.append(td);
    }
    return made;
  };
  const made = rows.map((cells) => row(cells, "td"));
  $(id).replaceChildren($(id).caption, row(head, "th"), ...made);
  return made;
}

// The plane.
let plane_axes = null;
function request_plane() {
  const key = $("horizontal").value || "beta1", { ends: [low, high], to, from } = FIELDS[key], n = 24;
  const [a, b] = key === "C" ? [Math.log10(state.problem === "savarese" || state.problem === "reddi-theorem1" ? 2.1 : 3), Math.log10(200)] : [to(low), to(high)];
  const place = (k) => a + ((b - a) * (k + 0.5)) / n;
  const xs = Array.from({ length: n }, (_, k) => (key === "C" && is_whole(key, state) ? Math.round(from(place(k))) : from(place(k))));
  const ys = Array.from({ length: n }, (_, k) => near_one.from((4 * (k + 0.5)) / n));
  plane_axes = { key, xs, ys };
  ask_plane({ name: PAGE.mapped, p: { ...setting(), T: Math.min(state.T, 2000) }, horizontal: key, xs, ys });
}

function draw_plane(rows) {
  const { key, xs, ys } = plane_axes, n = xs.length, svg = picture("plane", `Where ${DATA.optimizers[PAGE.mapped].title} ends, by ${FIELDS[key].name} and β₂`);
  const width = (WIDTH - RIGHT - LEFT) / n, height = (HEIGHT - BOTTOM - TOP) / n;
  const [cold, hot] = [[0, 114, 178], [230, 159, 0]];
  rows.forEach((row, j) => row.forEach((value, i) => {
    const color = cold.map((c, k) => Math.round(c + value * (hot[k] - c)));
    const [x, y] = [LEFT + i * width, HEIGHT - BOTTOM - (j + 1) * height];
    svg.append(element("rect", { x, y, width: width + 0.3, height: height + 0.3, "shape-rendering": "crispEdges", fill: `rgb(${color})` }));
  }));
  for (let k = 1; k < n - 2; k += 5) {
    const text = (value) => String(Number(value.toPrecision(4)));
    svg.append(element("text", { x: LEFT + (k + 0.5) * width, y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, text(xs[k])));
    svg.append(element("text", { x: LEFT - 5, y: HEIGHT - BOTTOM - (k + 0.5) * height + 4, "text-anchor": "end" }, text(ys[k])));
  }
  svg.append(element("text", { x: (LEFT + WIDTH) / 2, y: HEIGHT - 7, "text-anchor": "middle" }, FIELDS[key].name));
  svg.append(element("text", { x: 2, y: TOP + 10 }, "β₂"));
  const place = (values, value) => values.filter((v) => v < value).length - 0.5 + (values.includes(value) ? 1 : 0.5);
  const at = { cx: LEFT + place(xs, state[key]) * width, cy: HEIGHT - BOTTOM - place(ys, state.beta2) * height };
  svg.append(element("circle", { ...at, r: 5, fill: "none", stroke: "#fff", "stroke-width": 3 }));
  svg.append(element("circle", { ...at, r: 5, fill: "none", stroke: "#000", "stroke-width": 1.5 }));
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    const i = Math.floor((((event.clientX - box.left) / box.width) * WIDTH - LEFT) / width);
    const j = Math.floor((HEIGHT - BOTTOM - ((event.clientY - box.top) / box.height) * HEIGHT) / height);
    if (i >= 0 && i < n && j >= 0 && j < n) change({ [key]: xs[i], beta2: ys[j] });
  });
}

// The stepper.
function go_to(text) {
  if (!/^\s*\d+\s*$/.test(text) || Number(text) < 1 || Number(text) > state.T) {
    $("step-notice").textContent = `t must be a whole number from 1 to ${state.T}, got '${text}'`;
    return;
  }
  state.step = Number(text);
  history.replaceState(null, "", address());
  ask_step();
}

function ask_step() {
  if (document.activeElement !== $("step")) $("step").value = state.step;
  $("previous").disabled = state.step <= 1;
  $("next").disabled = state.step >= state.T;
  ask_box({ name: state.stepped, p: setting(), t: state.step, coordinate: is_two(state) ? state.coordinate : 0 });
}

const SIDES = { upper: "clipped to the upper end", lower: "clipped to the lower end" };
function draw_box({ row, lines }) {
  const listed = lines.filter(({ number: k }) => !PAGE.equations[k].hidden);
  const digits = (value) => String(value).replace("-", "−").replace("Infinity", "∞");
  const made = fill_table("box", ["equation", "with its numbers", "value", "line"], listed.map(({ number: k, value, text, clipped: side }) => {
    const { math, source, place } = PAGE.equations[k], cell = document.createElement("span"), line = document.createElement("span");
    cell.innerHTML = math; // from the source's own comments, made when the page was
    line.innerHTML = `<code>${place}</code><br><small>${source}</small>`;
    const result = Object.assign(document.createElement("span"), { textContent: digits(value) + (side ? ` (${SIDES[side]})` : "") });
    return [cell, text, result, line];
  }));
  made.forEach((tr, k) => tr.classList.toggle("clipped", Boolean(listed[k].clipped)));
  const columns = DATA.optimizers[state.stepped].columns;
  fill_table("row", columns, [columns.map((key) => (typeof row[key] === "number" ? digits(row[key]) : String(row[key] ?? "")))]);
}

build();
if (location.hash || !PAGE.scenes.length) open(location.hash);
else show_scene(1);
