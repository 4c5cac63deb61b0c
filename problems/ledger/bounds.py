r"""The regret bounds of the papers, one function each, at every step of a run.

D is D_\infty, the diameter of F; `Sums` holds what the run contributes. Since
\eta_{t,i}^{-1} = \sqrt{t} \hat\eta_{t,i}^{-1} (= \sqrt{V_{t,i}}/\alpha_t without bounds), all terms
of the form \sqrt{T} \sum_i (...)_{T,i} are sums of inverse rates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from problems.ledger.rounds import Sums

__all__ = [
    "adamnc_bound",
    "adamnc_corollary_bound",
    "amsgrad_bound",
    "geometric_momentum",
    "luo_bound",
    "savarese_bound",
    "savarese_corollary_bound",
]

Floats = NDArray[np.float64]


def amsgrad_bound(s: Sums, D: float, alpha: float, beta1: float, beta2: float) -> Floats:
    r"""[Reddi18] Theorem 4, revised version.

    \sqrt{T}/\alpha \hat{v}_{T,i}^{1/2} = \hat{v}_{T,i}^{1/2}/\alpha_T is the inverse rate.
    """
    gamma = beta1 / np.sqrt(beta2)
    # \frac{D_\infty^2 \sqrt{T}}{\alpha (1 - \beta_1)} \sum_i \hat{v}_{T,i}^{1/2}
    diameter = D**2 / (1 - beta1) * s.inverse
    # \frac{D_\infty^2}{(1 - \beta_1)^2} \sum_t \sum_i \beta_{1t} \hat{v}_{t,i}^{1/2} / \alpha_t
    momentum = D**2 / (1 - beta1) ** 2 * s.weighted
    # \frac{\alpha \sqrt{1 + \log T}}{(1 - \beta_1)^2 (1 - \gamma) \sqrt{1 - \beta_2}}
    #     \sum_i \|g_{1:T,i}\|_2
    factor = alpha / ((1 - beta1) ** 2 * (1 - gamma) * np.sqrt(1 - beta2))
    gradients = factor * np.sqrt(1 + np.log(s.t)) * s.norms
    regret: Floats = diameter + momentum + gradients
    return regret


def adamnc_bound(s: Sums, D: float, beta1: float, zeta: float) -> Floats:
    r"""[Reddi18] Theorem 5; \sqrt{T} \sqrt{v_{T,i}}/\alpha is the inverse rate."""
    # \frac{D_\infty^2}{2 \alpha (1 - \beta_1)} \sum_i \sqrt{T} \sqrt{v_{T,i}}
    diameter = D**2 / (2 * (1 - beta1)) * s.inverse
    # \frac{D_\infty^2}{(1 - \beta_1)^2} \sum_t \sum_i \beta_{1t} \sqrt{v_{t,i}} / \alpha_t
    momentum = D**2 / (1 - beta1) ** 2 * s.weighted
    # \frac{2 \zeta}{(1 - \beta_1)^3} \sum_i \|g_{1:T,i}\|_2
    return diameter + momentum + 2 * zeta / (1 - beta1) ** 3 * s.norms


def geometric_momentum(d: int, beta1: float, lam: float, largest: float) -> float:
    r"""\sum_t \sum_i \beta_1 \lambda^{t-1} \eta_{t,i}^{-1}, bounded for all t.

    Since \eta_{t,i}^{-1} <= `largest` \sqrt{t}, and \sum_t \lambda^{t-1} \sqrt{t} is at most
    \sum_t \lambda^{t-1} t = 1/(1-\lambda)^2.
    """
    # d \beta_1 / (1 - \lambda)^2 \cdot \max \hat{\eta}^{-1}        [Reddi18 Cor. 1, Luo19 Cor. 4.1]
    return d * beta1 / (1 - lam) ** 2 * largest


def adamnc_corollary_bound(
    s: Sums, d: int, D: float, alpha: float, beta1: float, lam: float, G_inf: float
) -> Floats:
    r"""[Reddi18] Corollary 2, for \beta_{2t} = 1 - 1/t and \beta_{1t} = \beta_1 \lambda^{t-1}."""
    # \left( \frac{D_\infty^2}{2 \alpha (1 - \beta_1)} + \frac{2 \alpha}{(1 - \beta_1)^3} \right)
    #     \sum_i \|g_{1:T,i}\|_2
    gradients = (D**2 / (2 * alpha * (1 - beta1)) + 2 * alpha / (1 - beta1) ** 3) * s.norms
    # \frac{d \beta_1 D_\infty^2 G_\infty}{\alpha (1 - \beta_1)^2 (1 - \lambda)^2}
    largest = G_inf / alpha
    return gradients + D**2 / (1 - beta1) ** 2 * geometric_momentum(d, beta1, lam, largest)


def luo_bound(s: Sums, D: float, G_2: float, R_inf: float, beta1: float) -> Floats:
    r"""[Luo19] Theorems 4 and 5, as published. False: see the ledger."""
    # \frac{D_\infty^2 \sqrt{T}}{2 (1 - \beta_1)} \sum_i \hat{\eta}_{T,i}^{-1}
    diameter = D**2 / (2 * (1 - beta1)) * s.inverse
    # \frac{D_\infty^2}{2 (1 - \beta_1)} \sum_t \sum_i \beta_{1t} \eta_{t,i}^{-1}
    momentum = D**2 / (2 * (1 - beta1)) * s.weighted
    return diameter + momentum + _rates(s, G_2, R_inf, beta1)


def savarese_bound(s: Sums, d: int, D: float, G_2: float, R_inf: float, beta1: float) -> Floats:
    r"""[Sav19] Theorem 3, with M taken over the steps of the run."""
    # \frac{D_\infty^2}{2 (1 - \beta_1)} [ 2 d M (\sqrt{T} - 1)
    #     + \sum_i (\eta_{1,i}^{-1} + \sum_t \beta_{1t} \eta_{t,i}^{-1}) ]
    diameter = 2 * d * s.M * (np.sqrt(s.t) - 1) + s.first + s.weighted
    regret: Floats = D**2 / (2 * (1 - beta1)) * diameter + _rates(s, G_2, R_inf, beta1)
    return regret


def _rates(s: Sums, G_2: float, R_inf: float, beta1: float) -> Floats:
    # (2 \sqrt{T} - 1) \frac{R_\infty G_2^2}{1 - \beta_1}        [Luo19 Thm. 4, Sav19 Thm. 3]
    rates: Floats = (2 * np.sqrt(s.t) - 1) * R_inf * G_2**2 / (1 - beta1)
    return rates


def savarese_corollary_bound(
    s: Sums, d: int, D: float, G_2: float, beta1: float, gamma: float
) -> Floats:
    r"""[Sav19] Corollary 2, for the paper's bounds with \alpha^* = 1, \beta_{1t} = \beta_1/t."""
    # \frac{5 \sqrt{T}}{1 - \beta_1} \left( 1 + \frac{1}{\gamma} \right) (d D_\infty^2 + G_2^2)
    return 5 * np.sqrt(s.t) / (1 - beta1) * (1 + 1 / gamma) * (d * D**2 + G_2**2)
