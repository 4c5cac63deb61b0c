r"""The LSTM over a whole sequence as one operation [Hochreiter97; gates as in Gers00].

z_t = W_{ih} x_t + W_{hh} h_{t-1} + b, cut into four parts, and
i, f, o = \sigma(z^i), \sigma(z^f), \sigma(z^o),  g = \tanh(z^g),
c_t = f c_{t-1} + i g,  h_t = o \tanh(c_t).

One matrix product serves all gates, and those with x_t and the gradients of the weights do not
wait for the recurrence: they are one product for the whole sequence.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.engine import Array, primitive


@primitive(saves=True)
def lstm(x: Any, h0: Any, c0: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any) -> Any:
    """Run one layer of LSTM over whole sequences (T, B, I).

    Parameters
    ----------
    x : array (T, B, I)
        T steps of B sequences.
    h0, c0 : array (B, H)
        The state before the first step.
    w_ih, w_hh, b_ih, b_hh : array (4H, I), (4H, H), (4H,), (4H,)
        Weights of the gates i, f, g, o in this order, PyTorch's.

    Returns
    -------
    Tensor (2, T, B, H)
        All h_t, then all c_t.

    Raises
    ------
    ValueError
        If a shape is another.

    Examples
    --------
    >>> y = lstm(np.ones((5, 1, 2)), *np.zeros((2, 1, 3)), np.ones((12, 2)), np.ones((12, 3)),
    ...          np.zeros(12), np.zeros(12))
    >>> y.shape
    (2, 5, 1, 3)
    """
    x, h0, c0, w_ih, w_hh = (np.asarray(a) for a in (x, h0, c0, w_ih, w_hh))
    T, B, width, H = _check_shapes(x, h0, c0, w_ih, w_hh, b_ih, b_hh)
    # sigma(z) = (1 + tanh(z/2)) / 2: with i, f and o halved first, one tanh serves all gates.
    half = np.full((4, 1), 0.5, np.result_type(x, w_ih))
    half[2] = 1
    scale = np.repeat(half, H)
    gates = (x.reshape(T * B, width) @ (w_ih.T * scale)).reshape(T, B, 4 * H)
    gates += np.add(b_ih, b_hh) * scale
    offset, w_rec = 1 - scale, w_hh.T * scale
    y, tanh_c = np.empty((2, T, B, H), gates.dtype), np.empty((T, B, H), gates.dtype)
    h, c = h0, c0
    for t in range(T):
        z = gates[t]
        z += h @ w_rec
        np.tanh(z, out=z)
        z *= scale
        z += offset
        i, f, g, o = z.reshape(B, 4, H).swapaxes(0, 1)
        # c_t = f c_{t-1} + i g        [Gers00 Sec. 2]
        c = np.add(f * c, i * g, out=y[1, t])
        # h_t = o \tanh(c_t)        [Gers00 Sec. 2]
        h = np.multiply(o, np.tanh(c, out=tanh_c[t]), out=y[0, t])
    return y, (gates, tanh_c, y)


def _check_shapes(x: Array, h0: Array, *others: Any) -> tuple[int, int, int, int]:
    """Return T, B, I and H; raise ValueError if a shape does not fit to those of x and h0."""
    if x.ndim != 3 or h0.ndim != 2:
        raise ValueError(f"x must have shape (T, B, I) and h0 (B, H), got {x.shape} and {h0.shape}")
    (T, B, width), H = x.shape, h0.shape[1]
    names = ("h0", "c0", "w_ih", "w_hh", "b_ih", "b_hh")
    shapes = ((B, H), (B, H), (4 * H, width), (4 * H, H), (4 * H,), (4 * H,))
    for name, array, shape in zip(names, (h0, *others), shapes, strict=True):
        if np.shape(array) != shape:
            raise ValueError(
                f"{name} must have shape {shape} for x {x.shape} and H = {H}, got {np.shape(array)}"
            )
    return T, B, width, H


def _lstm(y_bar: Array, kept: Any, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    gates, tanh_c, y = kept
    x, h0, c0, w_ih, w_hh = (np.asarray(a) for a in (x, h0, c0, *weights[:2]))
    T, B, H = tanh_c.shape
    h_before, c_before = (
        np.concatenate([s0[None], s])[:T] for s0, s in zip((h0, c0), y, strict=True)
    )
    i, f, g, o = np.moveaxis(gates.reshape(T, B, 4, H), 2, 0)
    slope = np.empty((T, B, 4, H), gates.dtype)
    # \partial c_t / \partial z^i = g \, i (1 - i)        [Gers00 Sec. 2]
    slope[:, :, 0] = g * i * (1 - i)
    # \partial c_t / \partial z^f = c_{t-1} f (1 - f)        [Gers00 Sec. 2]
    slope[:, :, 1] = c_before * f * (1 - f)
    # \partial c_t / \partial z^g = i (1 - g^2)        [Gers00 Sec. 2]
    slope[:, :, 2] = i * (1 - g * g)
    # \partial h_t / \partial z^o = \tanh(c_t) \, o (1 - o)        [Gers00 Sec. 2]
    slope[:, :, 3] = tanh_c * o * (1 - o)
    # h' = o (1 - \tanh(c_t)^2)        [Gers00 Sec. 2, slope of h_t in c_t]
    h_to_c = o * (1 - tanh_c * tanh_c)
    h_bar, c_bar = np.zeros_like(h0), np.zeros_like(c0)
    for t in range(T - 1, -1, -1):
        # \bar{h} \leftarrow \bar{y}^h_t + \bar{h}        [chain rule]
        h_bar = y_bar[0, t] + h_bar
        # \bar{c} \leftarrow \bar{y}^c_t + \bar{c} + \bar{h} h'_t        [chain rule]
        c_bar = y_bar[1, t] + c_bar + h_bar * h_to_c[t]
        # \bar{z}_t = z'_t (\bar{c}, \bar{c}, \bar{c}, \bar{h})        [chain rule]
        z_bar = slope[t]
        z_bar[:, :3] *= c_bar[:, None]
        z_bar[:, 3] *= h_bar
        # \bar{c} \leftarrow f_t \bar{c}        [chain rule, to step t - 1]
        c_bar = c_bar * f[t]
        # \bar{h} = \bar{Z}_t W_{hh}        [chain rule, to step t - 1]
        h_bar = z_bar.reshape(B, 4 * H) @ w_hh
    z_bar = slope.reshape(T * B, 4 * H)
    # \bar{W}_{ih} = \bar{Z}^T X        [chain rule]
    w_ih_bar = z_bar.T @ x.reshape(T * B, x.shape[2])
    # \bar{W}_{hh} = \bar{Z}^T H_0        [chain rule]
    w_hh_bar = z_bar.T @ h_before.reshape(T * B, H)
    # \bar{b}_j = \sum_n \bar{Z}_{nj}        [chain rule]
    b_bar = z_bar.sum(axis=0)

    def x_bar() -> Array:  # often x are data, which need no gradient
        # \bar{X} = \bar{Z} W_{ih}        [chain rule]
        return np.reshape(z_bar @ w_ih, x.shape)

    return x_bar, h_bar, c_bar, w_ih_bar, w_hh_bar, b_bar, b_bar.copy()


lstm.joint_vjp = _lstm
