// What the translated lines call: checks of arguments, and functions of Python that JavaScript lacks.

const mod = (a, b) => ((a % b) + b) % b;
const isinstance = (value, cls) => (value?.of ?? value) instanceof cls;
const ends = (feasible) => [feasible.lo, feasible.hi];
const atleast_1d = (x) => [x].flat();
const betas_of = (group) => group.betas;

function shown(value) {
  if (typeof value === "string") return `'${value}'`;
  return value === null || value === undefined ? "None" : String(value).replace("Infinity", "inf");
}

function real(name, value) {
  if (typeof value !== "number") throw new TypeError(`${name} must be a real number, got ${shown(value)}`);
  return value;
}

function within(name, value, interval) {
  real(name, value);
  const [low, high] = interval.slice(1, -1).split(",").map((end) => Number(end.replace("inf", "Infinity")));
  const above = interval.startsWith("[") ? value >= low : value > low;
  const below = interval.endsWith("]") ? value <= high : value < high;
  if (!(above && below)) throw new RangeError(`${name} must be in ${interval}, got ${shown(value)}`);
  return value;
}

function flag(name, value) {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be True or False, got ${shown(value)}`);
  return value;
}

function integer(name, value, least) {
  if (!(Number.isInteger(value) && value >= least && value <= 2 ** 53))
    throw new RangeError(`${name} must be an integer of at least ${least}, got ${shown(value)}`);
  return value;
}

const positive_int = (name, value) => integer(name, value, 1);

// A schedule as a function of t that also has `product`, as Python's objects can be.
const callable = (schedule) =>
  Object.assign((t) => schedule.__call__(t), {
    of: schedule,
    value: schedule.value,
    product: (t) => schedule.product(t),
  });

// Products of a schedule's values, remembered.
class Remembering {
  products = new Map();
  _recalled(t) {
    let done = this.products.has(t - 1) ? t - 1 : 0;
    if (!done) for (const i of this.products.keys()) if (i <= t && i > done) done = i;
    return [done, this.products.get(done) ?? 1.0];
  }
  _remember(t, product) {
    while (this.products.size >= 32) this.products.delete(this.products.keys().next().value);
    this.products.set(t, product);
  }
}

// The product of a + b and c + d as such a sum, where b and d are far smaller (Dekker 1971).
function product(a, b, c, d) {
  const split = (x) => { const y = 134217729 * x, high = y - (y - x); return [high, x - high]; };
  const [a1, a2] = split(a), [c1, c2] = split(c), p = a * c;
  const rest = a1 * c1 - p + a1 * c2 + a2 * c1 + a2 * c2 + (a * d + b * c);
  return [p + rest, p - (p + rest) + rest];
}

// x ** n; a whole n by squaring, in twice the digits, since Math.pow may miss the last place.
function pow(x, n) {
  if (!(Number.isInteger(n) && n >= 0 && n < 2 ** 31 && Math.abs(x) <= 1)) return x ** n;
  let power = [1, 0], square = [x, 0];
  for (let left = n; left; left = Math.floor(left / 2)) {
    if (left % 2) power = product(...power, ...square);
    square = product(...square, ...square);
  }
  return power[0];
}

// log Gamma(x), x >= 1, by Stirling's series.
function lgamma(x) {
  let shift = 0;
  for (; x < 15; x++) shift += Math.log(x);
  const z = 1 / (x * x);
  const series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188)))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

// NumPy's generator PCG64 (O'Neill's PCG XSL RR 128/64), from the states that SEEDS has.
const MASK = (1n << 128n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const streams = new Map();

function drawn(seed, k) {
  if (!SEEDS[seed]) throw new RangeError(`seed must be one of 0 to ${SEEDS.length - 1}, got ${shown(seed)}`);
  if (!streams.has(seed))
    streams.set(seed, { state: SEEDS[seed][0], step: SEEDS[seed][1], count: 0, values: new Float64Array(1024) });
  const stream = streams.get(seed);
  for (; stream.count <= k; stream.count++) {
    if (stream.count === stream.values.length) {
      const longer = new Float64Array(2 * stream.count);
      longer.set(stream.values);
      stream.values = longer;
    }
    stream.state = (stream.state * MULTIPLIER + stream.step) & MASK;
    const mixed = BigInt.asUintN(64, stream.state ^ (stream.state >> 64n));
    const turn = stream.state >> 122n;
    const bits = BigInt.asUintN(64, (mixed >> turn) | (mixed << (64n - turn)));
    stream.values[stream.count] = Number(bits >> 11n) * 2 ** -53;
  }
  return stream.values[k];
}

class PCG64 {
  constructor(seed) {
    this.seed = seed;
  }
  advance(draws) {
    this.at = draws;
  }
  random() {
    return drawn(this.seed, this.at);
  }
}

// A number as the reader sees it in a line: five digits, a true minus, parentheses around it.
function number(value) {
  if (typeof value !== "number") return shown(Number(value));
  const text = String(Number(value.toPrecision(5))).replace("Infinity", "∞").replace("e-", "e−").replace("e+", "e");
  return text.startsWith("-") ? `(−${text.slice(1)})` : text;
}

const clip = (x, low, high) => Math.min(Math.max(x, low), high);
