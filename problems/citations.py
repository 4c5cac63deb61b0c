"""How to cite this software and the papers it implements, as BibTeX."""

from __future__ import annotations

from adabound_np import __version__

__all__ = ["bibtex"]

#: Key -> kind and fields, of the papers that the commands run.
_PAPERS: dict[str, tuple[str, dict[str, str]]] = {
    "luo2019adabound": (
        "inproceedings",
        {
            "author": "Luo, Liangchen and Xiong, Yuanhao and Liu, Yan and Sun, Xu",
            "title": "Adaptive Gradient Methods with Dynamic Bound of Learning Rate",
            "booktitle": "International Conference on Learning Representations",
            "year": "2019",
            "url": "https://arxiv.org/abs/1902.09843",
        },
    ),
    "reddi2018convergence": (
        "inproceedings",
        {
            "author": "Reddi, Sashank J. and Kale, Satyen and Kumar, Sanjiv",
            "title": "On the Convergence of {Adam} and Beyond",
            "booktitle": "International Conference on Learning Representations",
            "year": "2018",
            "url": "https://arxiv.org/abs/1904.09237",
        },
    ),
    "savarese2019convergence": (
        "misc",
        {
            "author": "Savarese, Pedro",
            "title": "On the Convergence of {AdaBound} and its Connection to {SGD}",
            "year": "2019",
            "url": "https://arxiv.org/abs/1908.04457",
        },
    ),
    "kingma2015adam": (
        "inproceedings",
        {
            "author": "Kingma, Diederik P. and Ba, Jimmy",
            "title": "{Adam}: A Method for Stochastic Optimization",
            "booktitle": "International Conference on Learning Representations",
            "year": "2015",
            "url": "https://arxiv.org/abs/1412.6980",
        },
    ),
    "wilson2017marginal": (
        "inproceedings",
        {
            "author": "Wilson, Ashia C. and Roelofs, Rebecca and Stern, Mitchell and Srebro, "
            "Nathan and Recht, Benjamin",
            "title": "The Marginal Value of Adaptive Gradient Methods in Machine Learning",
            "booktitle": "Advances in Neural Information Processing Systems",
            "year": "2017",
            "url": "https://arxiv.org/abs/1705.08292",
        },
    ),
}


def bibtex() -> str:
    """Return BibTeX entries for this version of the software and for the papers.

    Examples
    --------
    >>> print(bibtex().splitlines()[0])
    @software{adaboundnp,
    """
    software = {
        "author": "{The adabound-np developers}",
        "title": "adabound-np: adaptive gradient methods in {NumPy}, line by line as in the papers",
        "version": __version__,
    }
    entries = {"adaboundnp": ("software", software), **_PAPERS}
    return "\n\n".join(
        f"@{kind}{{{key},\n"
        + ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        + "\n}"
        for key, (kind, fields) in entries.items()
    )
