r"""The LSTM over a whole sequence as one operation [Hochreiter97; gates as in Gers00].

z_t = W_{ih} x_t + W_{hh} h_{t-1} + b, cut into four parts, and
i, f, o = \sigma(z^i), \sigma(z^f), \sigma(z^o),  g = \tanh(z^g),
c_t = f c_{t-1} + i g,  h_t = o \tanh(c_t).

Within, a column is a sequence of the batch, and the gates are rows in the order i, f, o, g: so each
gate lies in one piece. The products with x_t and the gradients of the weights do not wait for the
recurrence: they are made for the whole sequence.
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
    Tensor (T + 1, B, H)
        h_1, ..., h_T, and c_T.

    Raises
    ------
    ValueError
        If a shape is another.

    Examples
    --------
    >>> y = lstm(np.ones((5, 1, 2)), *np.zeros((2, 1, 3)), np.ones((12, 2)), np.ones((12, 3)),
    ...          np.zeros(12), np.zeros(12))
    >>> y.shape
    (6, 1, 3)
    """
    x, h0, c0, w_ih, w_hh = (np.asarray(a) for a in (x, h0, c0, w_ih, w_hh))
    T, B, H = _check_shapes(x, h0, c0, w_ih, w_hh, b_ih, b_hh)
    w_ih, w_hh, bias = (_turned(w, H) for w in (w_ih, w_hh, np.add(b_ih, b_hh)))
    # sigma(z) = (1 + tanh(z/2)) / 2: with i, f and o halved first, one tanh serves all gates.
    scale = np.full((4 * H, 1), 0.5, np.result_type(x, w_ih))
    scale[3 * H :] = 1
    gates = np.matmul(w_ih * scale, x.swapaxes(1, 2))
    gates += bias[:, None] * scale
    w_rec = w_hh * scale
    hs, cs, tanh_c = (np.empty((T, H, B), gates.dtype) for _ in range(3))
    h, c = h0.T, c0.T
    for t in range(T):
        z = gates[t]
        z += w_rec @ h
        np.tanh(z, out=z)
        sigmas = z[: 3 * H]
        sigmas *= 0.5
        sigmas += 0.5
        i, f, o, g = z.reshape(4, H, B)
        # c_t = f c_{t-1} + i g        [Gers00 Sec. 2]
        c = np.add(f * c, i * g, out=cs[t])
        np.tanh(c, out=tanh_c[t])
        # h_t = o \tanh(c_t)        [Gers00 Sec. 2]
        h = np.multiply(o, tanh_c[t], out=hs[t])
    y = np.concatenate([hs, c[None]]).swapaxes(1, 2)
    return y, (gates, tanh_c, hs, cs)


def _turned(w: Array, H: int) -> Array:
    """The rows of the gates i, f, g, o in the order i, f, o, g; or back."""
    return w.reshape(4, H, *w.shape[1:])[[0, 1, 3, 2]].reshape(w.shape)


def _check_shapes(x: Array, h0: Array, *others: Any) -> tuple[int, int, int]:
    """Return T, B and H; raise ValueError if a shape does not fit to those of x and h0."""
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
    return T, B, H


def _lstm(y_bar: Array, kept: Any, x: Array, h0: Array, c0: Array, *weights: Array) -> Any:
    gates, tanh_cs, hs, cs = kept
    T, H, B = hs.shape
    x, h0, c0 = (np.asarray(a) for a in (x, h0, c0))
    w_ih, w_hh = (_turned(np.asarray(w), H) for w in weights[:2])
    h_bar, c_bar = np.zeros((H, B), gates.dtype), y_bar[T].T
    z_bar, Z_bar = np.empty((4, H, B), gates.dtype), np.empty((T, B, 4 * H), gates.dtype)
    for t in range(T - 1, -1, -1):
        i, f, o, g = gates[t].reshape(4, H, B)
        c_before, tanh_c = cs[t - 1] if t else c0.T, tanh_cs[t]
        # \bar{h} \leftarrow \bar{y}_t + \bar{h}        [chain rule]
        h_bar = y_bar[t].T + h_bar
        # h' = o (1 - \tanh(c_t)^2)        [Gers00 Sec. 2, slope of h_t in c_t]
        h_to_c = o * (1 - tanh_c * tanh_c)
        # \bar{c} \leftarrow \bar{c} + \bar{h} h'        [chain rule, from c_T's]
        c_bar = c_bar + h_bar * h_to_c
        # \bar{z}^i = \bar{c} g \, i (1 - i)        [Gers00 Sec. 2]
        z_bar[0] = c_bar * (g * i * (1 - i))
        # \bar{z}^f = \bar{c} c_{t-1} f (1 - f)        [Gers00 Sec. 2]
        z_bar[1] = c_bar * (c_before * f * (1 - f))
        # \bar{z}^o = \bar{h} \tanh(c_t) \, o (1 - o)        [Gers00 Sec. 2]
        z_bar[2] = h_bar * (tanh_c * o * (1 - o))
        # \bar{z}^g = \bar{c} i (1 - g^2)        [Gers00 Sec. 2]
        z_bar[3] = c_bar * (i * (1 - g * g))
        # \bar{c} \leftarrow f \bar{c}        [chain rule, to step t - 1]
        c_bar = c_bar * f
        # \bar{h} = W_{hh}^T \bar{z}        [chain rule, to step t - 1]
        h_bar = w_hh.T @ z_bar.reshape(4 * H, B)
        Z_bar[t] = z_bar.reshape(4 * H, B).T
    Z_bar = Z_bar.reshape(T * B, 4 * H)
    h_before = np.concatenate([h0.T[None], hs])[:T].swapaxes(1, 2).reshape(T * B, H)
    # \bar{W}_{ih} = \bar{Z}^T X        [chain rule]
    w_ih_bar = Z_bar.T @ x.reshape(T * B, x.shape[2])
    # \bar{W}_{hh} = \bar{Z}^T H_0        [chain rule]
    w_hh_bar = Z_bar.T @ h_before
    # \bar{b}_j = \sum_n \bar{Z}_{nj}        [chain rule]
    b_bar = Z_bar.sum(axis=0)

    def x_bar() -> Array:  # often x are data, which need no gradient
        # \bar{X} = \bar{Z} W_{ih}        [chain rule]
        return np.reshape(Z_bar @ w_ih, x.shape)

    w_ih_bar, w_hh_bar, b_bar = (_turned(w_bar, H) for w_bar in (w_ih_bar, w_hh_bar, b_bar))
    return x_bar, h_bar.T, c_bar.T, w_ih_bar, w_hh_bar, b_bar, b_bar.copy()


lstm.joint_vjp = _lstm
