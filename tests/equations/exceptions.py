"""Lines of the update functions that have no equation, with the reason; CI prints them."""

#: (place, line) -> why.
EXCEPTIONS = {
    ("adabound_np.algorithm.Algorithm.advance", "t = s.t + 1"): "counts the steps",
    (
        "adabound_np.algorithm.Algorithm.advance",
        "m, s = self.moments(h, s, g, t)",
    ): "calls a part of Algorithm 1, whose lines have equations",
    (
        "adabound_np.algorithm.Algorithm.advance",
        "eta = at_rest(self.learning_rate(h, s, t))",
    ): "calls a part of Algorithm 1; 0 for an infinite rate is 0/0 = 0, which no equation says",
    (
        "adabound_np.algorithm.Algorithm.advance",
        "return (self.move(h, x, m, eta, t), s)",
    ): "calls a part of Algorithm 1, whose lines have equations",
    (
        "adabound_np.bounds.PairOfBounds.eta_u",
        "lower, upper = (self.lower(t), self.upper(t))",
    ): "reads both bounds to compare them; what is returned has an equation",
    ("adabound_np.feasible.L2Ball.project", "y = np.asarray(y)"): "type, not value",
    (
        "adabound_np.feasible.L2Ball.project",
        "eta = np.broadcast_to(np.asarray(eta, dtype=y.dtype), y.shape)",
    ): "type and shape, not value",
    (
        "adabound_np.schedules.FromCallable.product",
        "own = getattr(self.function, 'product', None)",
    ): "chooses between two products; the one returned has an equation",
    (
        "adabound_np.schedules.RunningProduct.product",
        "done, product = self._recalled(t)",
    ): "recalls the last product; the product returned has an equation",
    (
        "adabound_np.schedules.RunningProduct.product",
        "self._remember(t, product)",
    ): "remembers the product; the next product returned has an equation",
    (
        "adabound_np.annealing.JoinedSchedules.__call__",
        "return s",
    ): "the value that the lines above made, which have equations",
}
