// One optimizer on one problem, step by step: what problems/online/protocol.py does.

// A setting: {problem, form, alpha, beta1, beta2, final_lr, gamma, C, K, T, scale, seed}.
function group_of(set, name, p, feasible) {
  const entry = set.optimizers[name];
  const group = { ...entry[p.form], lr: p.alpha, feasible };
  if (group.betas) group.betas = [...group.betas];
  for (const [key, names] of Object.entries(entry.names))
    for (const argument of p[key] === undefined || (key in entry.given) ? [] : names)
      if (argument === "betas") group.betas[key === "beta1" ? 0 : 1] = p[key];
      else group[argument] = p[key];
  if (entry.names.bounds) group.bounds = set.problems[p.problem].bounds?.(p) ?? null;
  if (group.momentum === 0) group.nesterov = false; // nothing to look ahead with
  return group;
}

class Run {
  constructor(name, p, set = plain) {
    this.problem = set.problems[p.problem].make(p);
    this.cls = set.optimizers[name].cls;
    this.h = set.hyperparameters(this.cls, group_of(set, name, p, this.problem.feasible));
    this.linear = this.problem.slopes !== undefined;
    this.set = set;
    this.x = p.x1 ?? DATA.problems[p.problem].x1;
    const start = (x) => set.fresh(this.cls, this.h, x);
    this.s = Array.isArray(this.x) ? this.x.map(start) : start(this.x);
    this.t = this.paid = this.sum = 0;
    this.least = this.linear ? 0 : this.problem.value(...this.problem.minimum);
  }

  // g_t at x_t, a number or one for each coordinate.
  gradient() {
    if (this.linear) return this.problem.slopes(this.t + 1, this.t + 2);
    const partials = this.problem.partials(...atleast_1d(this.x));
    return Array.isArray(this.x) ? partials : partials[0];
  }

  step() {
    const { cls, h } = this, g = this.gradient();
    const f = this.linear ? new this.set.classes.Linear(g) : this.problem;
    this.t += 1;
    this.paid += f.__call__(this.x);
    if (this.linear) this.sum += g;
    if (Array.isArray(this.x)) {
      const after = this.x.map((x, i) => cls.advance(h, x, g[i], this.s[i]));
      this.x = after.map(([x]) => x);
      this.s = after.map(([, s]) => s);
    } else [this.x, this.s] = cls.advance(h, this.x, g, this.s);
  }

  get regret() {
    return this.paid - (this.linear ? this.problem.least(this.sum) : this.t * this.least);
  }

  // The rate of the step that was taken, with s_t (h as it is) or of other hyperparameters.
  rate(h = this.h) {
    const at = (s) => this.set.at_rest(this.cls.learning_rate(h, s, this.t));
    return Array.isArray(this.s) ? this.s.map(at) : at(this.s);
  }

  // A best fixed point: an end of F, or where f is least.
  get best() {
    if (!this.linear) return Array.isArray(this.x) ? this.problem.minimum : this.problem.minimum[0];
    const [lo, hi] = ends(this.problem.feasible);
    return this.sum < 0 ? hi : lo;
  }
}

const without_schedule = (h) => ({ ...h, schedule: () => 1.0 });
// Where a rate is clipped; "" if it is not.
const side = (rate, low, high) => plain.clipped(rate, low, high).replace("-", "");
const open_bounds = (h) => ({ ...without_schedule(h), eta_l: () => 0.0, eta_u: () => Infinity });

// The quantities of the algorithm box at step t, as `python -m problems trace` has them.
function quantities(name, p, t, coordinate = 0) {
  const run = new Run(name, p);
  while (run.t < t - 1) run.step();
  const of = (value) => (Array.isArray(value) ? value[coordinate] : value);
  const x = of(run.x), g = of(run.gradient()), before = of(run.s), cls = run.cls, h = run.h;
  const [m, s] = cls.moments(h, before, h.l2_decay ? g + h.weight_decay * x : g, t);
  const eta = run.set.at_rest(cls.learning_rate(h, s, t));
  const free = cls.learning_rate(open_bounds(h), s, t);
  const x_hat = cls.move({ ...h, feasible: new run.set.classes.Unconstrained() }, x, m, eta, t);
  const row = { t, x_t: x, g_t: g, m_t: m, "alpha/sqrt(V_t)": free, eta_t: eta };
  for (const field of cls.State.fields) if (field !== "t") row[`${field}_t`] = s[field];
  if (h.eta_l) {
    const low = h.eta_l(t), high = h.eta_u(t);
    Object.assign(row, { "eta_l(t)": low, "eta_u(t)": high, clip: plain.clipped(free, low, high) });
  }
  row.eta_hat_t = cls.learning_rate(without_schedule(h), s, t);
  return Object.assign(row, { "x_hat_{t+1}": x_hat, "x_{t+1}": cls.move(h, x, m, eta, t), before: [x, g, before] });
}

// The lines that step t runs, in their order: number of the equation, value, text with the numbers.
function box(name, p, t, coordinate = 0) {
  const { before, ...row } = quantities(name, p, t, coordinate);
  const [x, g, s] = before, run = new Run(name, p, traced);
  notes.length = 0;
  run.cls.advance(run.h, x, g, s);
  return { row, lines: notes.map((note) => ({ ...note })) };
}

const notes = [];
let muted = 0, clipped = "";

// What the traced lines call around each line with an equation.
function note(number, value, filled) {
  if (muted) return value();
  muted += 1;
  const text = filled();
  muted -= 1;
  const result = value();
  notes.push({ number, value: Number(result), text, clipped });
  clipped = "";
  return result;
}

function noted_clip(x, low, high) {
  if (!muted) clipped = side(x, low, high);
  return clip(x, low, high);
}
