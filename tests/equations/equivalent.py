"""Mutants that compute the same as the line they are of, with the reason.

The equation check has run them on all of its cases and found no difference.
"""

from typing import NamedTuple


class Equivalent(NamedTuple):
    """Mutants of functions whose place ends so, whose text has this, and why they are no fault."""

    place: str
    after: str
    reason: str


EQUIVALENT = [
    Equivalent("Grad.moments", r"g \* m|m \* g", "m_t = g_t in AdaGrad"),
    Equivalent("Grad.moments", r"return \(g,", "m_t = g_t, and g is returned"),
    Equivalent("RMSprop.moments", r"g \* m|m \* g", "m_t = g_t in RMSprop"),
    Equivalent("RMSprop.moments", r"return \(g,", "m_t = g_t in RMSprop, and g is returned"),
    Equivalent(
        "learning_rate",
        r"np\.clip\(h\.eta_l\(t\), alpha_tilde / .*, h\.eta_u\(t\)\)",
        "min(max(a, b), c) is min(max(b, a), c)",
    ),
    Equivalent("Box.project", r"clip\(self\.lo, y, self\.hi", "min(max(a, b), c) is symmetric"),
    Equivalent(
        "L2Ball.project", r"(eta|z|norm|lam|w|q|slope|rise)\.dtype", "all arrays have y's dtype"
    ),
    Equivalent("L2Ball._norm", r"initial=-1", "sizes are not below 0"),
    Equivalent("L2Ball._norm", r"\[-1\] - 1", "the last of two is the second"),
    Equivalent("L2Ball.project", r"copy=True", "a copy has the same values"),
    Equivalent("L2Ball.project", r"rise >= 0", "where the step is 0, 0 takes its place"),
    Equivalent(
        "L2Ball.project",
        r"(norm|slope|w|rise) > (0|-1)\)",
        "Newton's step is positive outside the ball, until rounding",
    ),
    Equivalent("StepDecay.__call__", r"np\.ndim\(passed\)", "k has the shape of t"),
    Equivalent("StepDecay.product", r"np\.ndim\(K\)", "K has the shape of t"),
    Equivalent("OneMinusInverse.product", r"0\.0 / t", "0/t is 0 t"),
    Equivalent("FromCallable.__call__", r"f'\{self\.(?!name)", "an error's text"),
    # autograd_lite
    Equivalent("recurrent._lstm", r"y_bar\[-1, t\]", "the last of two is the second"),
    Equivalent(
        "",
        r"reshape\((\*rows\.shape\[:3\], |T \* B, |kh, |B, )?-(2|4 \* H)",
        "NumPy takes any negative length for the one to find",
    ),
    Equivalent("conv2d.vjps[2]", r"-2", "the same axis, counted from the end"),
    Equivalent("convolution._conv_x", r"shape\[-2:\]|\(-2,|0, -2, 3", "the same axis"),
    Equivalent("convolution._conv_x", r"kw - 1 - padding", "only where the kernel is square"),
    Equivalent("convolution._conv_weight", r"3, -2, 0", "the same axis, counted from the end"),
    Equivalent("convolution._shifts", r"out\[-2\]", "the same axis, counted from the end"),
    Equivalent("convolution._correlate", r"\(-2, 3, 1, 0\)", "the same axis"),
    Equivalent("convolution._correlate", r"^(h, n, w|k), \w+.* = \w+\.shape", "a name for nothing"),
    Equivalent(
        "convolution._correlate", r"reshape\(kw|h .* - kw\)|w .* - kh\)", "kernels are square here"
    ),
    Equivalent("convolution._correlate", r"result_type|empty_like", "type, not value"),
    Equivalent("convolution._window_rows", r"writeable=True", "it is not written to"),
    Equivalent("convolution._window_rows", r"\w+\.(itemsize|dtype)", "type, not value"),
    Equivalent("convolution._max_pool", r"padding, winner, lambda", "winner has rows' shape"),
    Equivalent("power.vjps[0]", r"slope\(\w+, a, b\)", "the shape of zeros where b = 0"),
    Equivalent("power.vjps[1]", r"_log\(y, a, \w+\)", "b counts only where a is 0"),
    Equivalent("clip.vjps[0]", r"a_min, y\)", "x <= y, which is not above h, where l <= x <= h"),
    Equivalent(
        "kinked._share", r"where\(0|equal\((other|diff|x, diff)", "the difference tells, if finite"
    ),
    Equivalent("relu.vjps[0]", r"x > 0", "max(x, 0) > 0 where x > 0"),
    Equivalent("leaky_relu.vjps[0]", r"y > 0", "y > 0 where x > 0, the slope being positive"),
    Equivalent("sign.vjps[0]", r"zeros_like", "zeros of another array of the same shape"),
    Equivalent("where.vjps[0]", r"zeros_like", "zeros of another shape of zeros"),
    Equivalent("transpose.vjps[0]", r"i % (y|y_bar)\.ndim", "x and y have as many axes"),
    Equivalent("swapaxes.vjps[0]", r"axis2, axis1", "an exchange is symmetric"),
    Equivalent(
        "elementwise._power_slope",
        r".",
        "the same where a and b are not 0; there the equation is 0/0",
    ),
    Equivalent(
        "elementwise._power_log", r".", "the same where a is not 0; there the equation is 0 log 0"
    ),
    Equivalent("linalg._matmul_left", r"-2, -1", "an exchange of axes is symmetric"),
    Equivalent("linalg._matmul_right", r"-2, -1", "an exchange of axes is symmetric"),
    Equivalent("linalg._matmul_left", r"-1, :\]$", "the only row"),
    Equivalent("linalg._matmul_right", r", -1\]$", "the only column"),
    Equivalent("linalg._rows", r"x if x\.", "a matrix is its own rows, also if reshaped"),
    Equivalent("sign_and_log.vjps[0]", r"y_bar\[-1\]", "the last of two is the second"),
    Equivalent("matrices._transposed", r"-2, -1", "an exchange of axes is symmetric"),
    Equivalent("losses._alike", r"float64|dtype", "the samples are float64, as the result is then"),
    Equivalent("losses._alike", r"^raise ", "an error's text"),
    Equivalent("losses._hinge", r"inside / target", "t is -1 or 1"),
    Equivalent("losses._cross_entropy", r"arange\(len", "all of them have an element per case"),
    Equivalent("losses._cross_entropy", r"mean\(weight", "w is weight as an array"),
    Equivalent("losses._cases", r"ignore_index, labels", "unequal is symmetric"),
    Equivalent("losses._cases", r"shape\[-1\]", "the same axis"),
    Equivalent("losses._cases", r"labels, -?1\)", "any class will do for a case without one"),
    Equivalent("network._embedding", r"weight\.shape\[-1\]", "the same axis"),
    Equivalent("reduce._freedom", r"ddof, -?1\)", "n - d is 1 or more in the samples"),
    Equivalent("std.vjps[0]", r"y - \(y == 0", "the deviations are 0 where y is"),
    Equivalent("norm.vjps[0]", r"y - \(y == 0", "x is 0 where y is"),
    Equivalent(
        "reduce._centred", r"x \+ |sum\(x,", "the second mean takes away whatever the first left"
    ),
    Equivalent("reduce._centred", r"sum\(dev|\+ rest", "of the mean only rounding is left"),
    Equivalent("reduce._others", r"_count\(x, axes", "the axes of x, counted one by one"),
    Equivalent("reduce._others", r"len\(last", "there are as many last axes"),
    Equivalent("reduce._ties", r"_spread\(y_bar, tied", "tied has x's shape"),
    Equivalent("reduce._ties", r"dtype=\w+\.dtype", "all arrays have one dtype"),
    Equivalent(
        "shape._scatter", r"^parts|x_bar\[parts\]|x_bar, parts", "two ways to add, or a tuple"
    ),
    Equivalent("shape._unpad", r"y_bar\.ndim", "x and y have as many axes"),
    Equivalent("shape._unpad", r"strict=False", "the lengths agree"),
]
