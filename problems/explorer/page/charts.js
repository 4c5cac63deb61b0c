// Charts as SVG.

const WIDTH = 480, HEIGHT = 280, LEFT = 58, RIGHT = 10, TOP = 8, BOTTOM = 40;
const ink = (color) => ({ "#000000": "var(--ink)", "#777777": "var(--grey)" })[color] ?? color;

function element(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// A scale from values to pixels, with the values of its ticks.
function scale_of(low, high, from, to, log) {
  if (log) [low, high] = [Math.log10(low), Math.log10(high)];
  if (!(high > low)) [low, high] = [low - 0.5, low + 0.5];
  const to_pixel = (value) => from + (((log ? Math.log10(value) : value) - low) / (high - low)) * (to - from);
  const to_value = (pixel) => {
    const value = low + ((pixel - from) / (to - from)) * (high - low);
    return log ? 10 ** value : value;
  };
  const ticks = [];
  if (log) {
    const every = Math.max(1, Math.ceil((high - low) / 6));
    for (let k = Math.ceil(low - 1e-9); k <= high + 1e-9; k += every) ticks.push(10 ** k);
  }
  if (ticks.length < 2) {
    const [a, b] = log ? [10 ** low, 10 ** high] : [low, high];
    const unit = 10 ** Math.floor(Math.log10((b - a) / 4)), steps = (b - a) / 4 / unit;
    const step = unit * (steps < 1.5 ? 1 : steps < 3.5 ? 2 : 5);
    ticks.length = 0;
    for (let k = Math.ceil(a / step - 1e-9); k * step <= b + 1e-9 * step; k++) ticks.push(k * step);
  }
  return { to_pixel, to_value, ticks };
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
function tick_text(value, log) {
  const k = Math.log10(value);
  if (log && Math.abs(k - Math.round(k)) < 1e-9 && Math.abs(k) > 2.5)
    return `10${k < 0 ? "⁻" : ""}${[...String(Math.abs(Math.round(k)))].map((d) => RAISED[d]).join("")}`;
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

// Frame, ticks and names of the axes; gives the scales.
function axes(svg, { xs, ys, xlog, ylog, xname, yname }, bottom = BOTTOM) {
  const x = scale_of(...xs, LEFT, WIDTH - RIGHT, xlog), y = scale_of(...ys, HEIGHT - bottom, TOP, ylog);
  svg.append(element("path", { class: "axis", d: `M${LEFT} ${TOP}V${HEIGHT - bottom}H${WIDTH - RIGHT}` }));
  for (const value of x.ticks) {
    const at = x.to_pixel(value);
    svg.append(element("path", { class: "axis", d: `M${at} ${HEIGHT - bottom}v4` }));
    svg.append(element("text", { x: at, y: HEIGHT - bottom + 16, "text-anchor": "middle" }, tick_text(value, xlog)));
  }
  for (const value of y.ticks) {
    const at = y.to_pixel(value);
    svg.append(element("path", { class: "axis", d: `M${LEFT} ${at}h-4` }));
    svg.append(element("text", { x: LEFT - 7, y: at + 4, "text-anchor": "end" }, tick_text(value, ylog)));
  }
  svg.append(element("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - bottom + 33, "text-anchor": "middle" }, xname));
  const middle = (TOP + HEIGHT - bottom) / 2;
  svg.append(element("text", { x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }, yname));
  return { x, y };
}

function picture(id, label) {
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  document.getElementById(id).replaceChildren(svg);
  return svg;
}

// A path through the least and the largest value of each interval; what leaves the frame ends at it.
function path_of(t, low, high, x, y) {
  const inside = (value) => Math.min(Math.max(value, -50), HEIGHT + 50);
  let d = "", up = true;
  for (let k = 0; k < t.length; k++) {
    const ends = low[k] === high[k] ? [low[k]] : up ? [low[k], high[k]] : [high[k], low[k]];
    up = !up;
    for (const value of ends) {
      const pixel = y.to_pixel(value);
      if (Number.isNaN(pixel)) continue;
      d += `${d ? "L" : "M"}${x.to_pixel(t[k]).toFixed(1)} ${inside(pixel).toFixed(1)}`;
    }
  }
  return d;
}

// The numbers that a chart has to show: all that are finite, and positive on a log axis.
function range_of(values, log, most = Infinity) {
  const shown = values.filter((v) => Number.isFinite(v) && Math.abs(v) <= most && (!log || v > 0));
  if (!shown.length) return log ? [0.1, 1] : [0, 1];
  return [shown.reduce((a, b) => Math.min(a, b)), shown.reduce((a, b) => Math.max(a, b))];
}

// Contours of f by marching squares, at levels on a log scale.
function contours(f, xs, ys, x, y, n = 60, levels = 12) {
  const at = ([low, high], k) => low + ((high - low) * k) / n;
  const grid = Array.from({ length: n + 1 }, (_, j) => Array.from({ length: n + 1 }, (_, i) => f(at(xs, i), at(ys, j))));
  const [low, high] = range_of(grid.flat(), true);
  let d = "";
  for (let k = 1; k <= levels; k++) {
    const level = Math.max(low, high * 1e-5) ** (1 - k / levels) * high ** (k / levels);
    for (let j = 0; j < n; j++)
      for (let i = 0; i < n; i++) {
        const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], cut = [];
        corners.forEach(([a, b], c) => {
          const [p, q] = corners[(c + 1) % 4], u = grid[b][a] - level, v = grid[q][p] - level;
          if (u < 0 !== v < 0) cut.push([a + ((p - a) * u) / (u - v), b + ((q - b) * u) / (u - v)]);
        });
        for (let c = 0; c + 1 < cut.length; c += 2)
          for (const [mark, [a, b]] of [["M", cut[c]], ["L", cut[c + 1]]])
            d += `${mark}${x.to_pixel(at(xs, a)).toFixed(1)} ${y.to_pixel(at(ys, b)).toFixed(1)}`;
      }
  }
  return element("path", { class: "contour", d });
}
