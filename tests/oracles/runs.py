"""One problem with all shapes in it, run by an optimizer of ours or of a peer, step by step."""

import math

import numpy as np

STEPS = 1000
SHAPES = ((), (5,), (3, 4), (7, 30))
BLOCK = 640  # bytes: the last shape then takes three blocks in float64, two in float32

ENDS = np.cumsum([math.prod(shape) for shape in SHAPES]).tolist()


def split(flat):
    """The last axis cut into the shapes of the parameters; views, if there is but one axis."""
    starts, before = [0, *ENDS[:-1]], flat.shape[:-1]
    return [
        flat[..., a:b].reshape(before + shape)
        for a, b, shape in zip(starts, ENDS, SHAPES, strict=True)
    ]


class Problem:
    """g_t = h (x - c) + noise_t, or exactly 0 where not alive.

    Every other coordinate has h = 0, so that its gradients do not depend on x. A tenth of the
    gradients is zero; some coordinates have none before step 20, some have none at all.
    """

    def __init__(self, dtype=np.float64, *, quadratic=True, sizes=None):
        rng = np.random.default_rng(20190507)
        n = ENDS[-1]
        self.dtype = dtype
        self.start = rng.standard_normal(n).astype(dtype)
        self.h = (rng.uniform(0.1, 1.0, n) * (np.arange(n) % 2) * quadratic).astype(dtype)
        self.c = rng.standard_normal(n).astype(dtype)
        noise = rng.standard_normal((STEPS, n))
        if sizes is not None:  # sizes of the noise, which keep it away from zero
            noise = np.sign(noise) * rng.uniform(*sizes, (STEPS, n))
        self.noise = noise.astype(dtype)
        self.alive = rng.random((STEPS, n)) > 0.1
        self.alive[:20, ::7] = False
        self.alive[:, ::31] = False
        self.alive[:, 0] = rng.random(STEPS) > 0.1

    def gradient(self, t, x):
        return np.where(self.alive[t], self.h * (x - self.c) + self.noise[t], self.dtype(0))

    def run(self, connect):
        """All iterates; `connect` makes of parameters and gradients (views) a function step(t)."""
        x, g = self.start.copy(), np.zeros_like(self.start)
        step = connect(split(x), split(g))
        path = np.empty((STEPS, x.size), x.dtype)
        for t in range(STEPS):
            g[...] = self.gradient(t, x)
            step(t)
            path[t] = x
        return path


def run_ours(problem, make, before=lambda opt, t: None):
    """All iterates of the optimizer make(params); before(opt, t) is called before each step."""

    def connect(params, grads):
        opt = make(params)

        def step(t):
            before(opt, t)
            opt.step(grads=grads)

        return step

    return problem.run(connect)


def run_torch(torch, problem, make, before=lambda opt, t: None):
    """The same for an optimizer of torch tensors, which share the memory of the arrays."""

    def connect(params, grads):
        tensors = [torch.from_numpy(x).requires_grad_() for x in params]
        for tensor, g in zip(tensors, grads, strict=True):
            tensor.grad = torch.from_numpy(g)
        opt = make(tensors)

        def step(t):
            before(opt, t)
            opt.step()

        return step

    return problem.run(connect)


def assert_same(ours, theirs):
    """Equal at every step within 1e-12 (float32: 1e-5), relative.

    Each step rounds x to half an ulp, u |x_t|. Where x_t later comes close to zero those errors
    stay: after T steps they are at most T u max |x_t|, which is the atol, by coordinate. In
    float32 this bound, 6e-5 max |x_t|, is wider than what is seen; there atol is
    1e-5 max |x_t|.
    """
    assert ours.dtype == theirs.dtype
    scale = np.abs(theirs).max(axis=0)
    single = ours.dtype == np.float32
    rtol = 1e-5 if single else 1e-12
    atol = rtol if single else STEPS * 2.0**-53
    error = np.abs(ours - theirs) / (rtol * np.abs(theirs) + atol * scale)
    worst = np.unravel_index(np.argmax(np.where(np.isnan(error), np.inf, error)), error.shape)
    first = np.flatnonzero(~(error <= 1).all(axis=1))
    assert first.size == 0, (
        f"they part at step {first[0] + 1}; worst {ours[worst]!r} against {theirs[worst]!r} "
        f"at step {worst[0] + 1}, {error[worst]:.3g} tolerances"
    )


def moved_apart(ours, theirs):
    """Largest difference, over all steps, as a share of the largest iterate."""
    return np.abs(ours - theirs).max() / np.abs(theirs).max()
