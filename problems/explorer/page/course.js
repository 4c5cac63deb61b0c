// Many steps at once: the course of a run for drawing, and where it ends over a plane.

// Steps whose interval ends at a point of the drawing: all, or about `points` on a log scale.
function grid(T, points) {
  if (T <= points) return Array.from({ length: T }, (_, k) => k + 1);
  const at = Array.from({ length: points }, (_, k) => Math.round(T ** (k / (points - 1))));
  return [...new Set(at)];
}

// A run in intervals: least and largest x_t and rate within each, and the average regret at its end.
// `pause()` is awaited every few thousand steps; if it gives true, the run is given up.
async function course(name, p, pause = () => false, points = 300) {
  let last = null;
  const run = new Run(name, p), flat = without_schedule(run.h), steps = grid(p.T, points);
  const two = Array.isArray(run.x), every = p.T <= 200_000;
  const made = { name, t: steps, low: [], high: [], rate_low: [], rate_high: [], average: [], clip: [], path: [] };
  const rate = () => atleast_1d(run.rate(flat))[0];
  for (const end of steps) {
    let low = Infinity, high = -Infinity, rate_low = Infinity, rate_high = -Infinity;
    while (run.t < end) {
      last = run.x;
      const x = two ? last[0] : last;
      run.step();
      if (x < low) low = x;
      if (x > high) high = x;
      if (every || run.t === end) {
        const eta = rate();
        if (eta < rate_low) rate_low = eta;
        if (eta > rate_high) rate_high = eta;
      }
      if (run.t % 4096 === 0 && (await pause())) return null;
    }
    made.low.push(low);
    made.high.push(high);
    made.rate_low.push(rate_low);
    made.rate_high.push(rate_high);
    made.average.push(run.regret / run.t);
    made.clip.push(clip_at(run));
    if (two) made.path.push(run.x);
  }
  if (run.h.eta_l) made.bounds = steps.map((t) => [run.h.eta_l(t), run.h.eta_u(t)]);
  const feasible = run.problem.feasible;
  made.end = { x: last, regret: run.regret, average: run.regret / run.t, best: run.best };
  made.feasible = feasible.lo === undefined ? null : ends(feasible);
  return made;
}

// Where the rate of the last step was clipped.
function clip_at(run) {
  if (!run.h.eta_l) return "";
  const free = atleast_1d(run.rate(open_bounds(run.h)))[0];
  return side(free, run.h.eta_l(run.t), run.h.eta_u(run.t));
}

// How far from the best point a run ends, between 0 and 1: of F's width, or of the start's distance.
function distance(name, p) {
  const run = new Run(name, p), start = atleast_1d(run.x);
  while (run.t < p.T) run.step();
  const best = atleast_1d(run.best), size = (x) => Math.hypot(...x.map((value, i) => value - best[i]));
  const feasible = run.problem.feasible;
  const far = size(atleast_1d(run.x)) / (feasible.lo === undefined ? size(start) : feasible.hi - feasible.lo);
  return Number.isFinite(far) ? Math.min(far, 1) : 1;
}

// Rows of the plane from the lowest value of beta2; null if it was given up.
async function plane(name, p, horizontal, xs, ys, pause = () => false) {
  const rows = [];
  for (const beta2 of ys) {
    const row = [];
    for (const x of xs) {
      row.push(distance(name, { ...p, beta2, [horizontal]: x }));
      if (await pause()) return null;
    }
    rows.push(row);
  }
  return rows;
}
