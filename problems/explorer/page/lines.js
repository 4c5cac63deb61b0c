// Inside the function around the translated lines: what makes objects of their classes.

function as_schedule(name, value, interval) {
  if (typeof value === "function") return value;
  const made =
    value === "inv-sqrt" ? new InvSqrt()
    : value === "constant" ? new Constant(1.0)
    : typeof value === "object" && value !== null ? value
    : new Constant(within(name, value, interval));
  return callable(made);
}

function as_bounds(value, final_lr, gamma) {
  const dynamic = new DynamicBounds(final_lr, gamma);
  const made = value === null ? dynamic : Array.isArray(value) ? new PairOfBounds(...value) : value;
  return { eta_l: (t) => made.eta_l(t), eta_u: (t) => made.eta_u(t) };
}

// As Algorithm.check_group: what every optimizer has beside its own symbols.
function hyperparameters(cls, group) {
  const decay = group.weight_decay;
  return {
    alpha: within("lr", group.lr, "(0, inf)"),
    schedule: as_schedule("schedule", group.schedule, "[0, inf)"),
    weight_decay: decay,
    l2_decay: decay !== 0 && !group.decoupled_weight_decay,
    decoupled_decay: decay !== 0 && group.decoupled_weight_decay,
    fixed_decay: group.fixed_decay,
    feasible: group.feasible,
    ...cls.symbols(group),
  };
}

const fresh = (cls, h, x) =>
  cls.fresh ? cls.fresh(h, x) : new cls.State(0, ...cls.State.fields.slice(1).map(() => 0.0));
