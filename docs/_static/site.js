/* A formula within a line cannot break. Where it is wider than the line, on a telephone, it shrinks;
   where it would become too small to read, it gets a line of its own that scrolls. */
window.addEventListener("load", async () => {
  if (!window.MathJax?.startup?.promise) return;
  await MathJax.startup.promise;
  const SMALLEST = 0.65;
  const fit = () => {
    for (const formula of document.querySelectorAll("span.math > mjx-container")) {
      formula.classList.remove("wide");
      formula.style.fontSize = "";
      const line = formula.closest("p, li, td, dd, dt, figcaption, h1, h2, h3") ?? document.body;
      const share = line.getBoundingClientRect().width / formula.getBoundingClientRect().width;
      if (share < 1) formula.style.fontSize = `${100 * Math.max(share * 0.99, SMALLEST)}%`;
      formula.classList.toggle("wide", share < SMALLEST);
    }
  };
  fit();
  window.addEventListener("resize", fit);
});

/* The menu's captions are headings; Sphinx gives them no level. */
document.addEventListener("DOMContentLoaded", () => {
  for (const caption of document.querySelectorAll("p.caption[role=heading]"))
    caption.setAttribute("aria-level", "2");
});

/* What the search shows of a page has its formulas as text. */
const GREEK = { alpha: "α", beta: "β", gamma: "γ", Gamma: "Γ", delta: "δ", epsilon: "ε", eta: "η",
  lambda: "λ", mu: "μ", nu: "ν", pi: "π", Pi: "Π", phi: "φ", psi: "ψ", sigma: "σ", tau: "τ",
  theta: "θ", infty: "∞", sum: "Σ", prod: "Π", nabla: "∇", partial: "∂", odot: "⊙", cdot: "·",
  le: "≤", ge: "≥", in: "∈", to: "→", leftarrow: "←", dots: "…", ldots: "…", times: "×" };
const ACCENTS = { hat: "\u0302", tilde: "\u0303", bar: "\u0304" };
function formulaAsText(tex) {
  return tex
    .replace(/\\(hat|tilde|bar)\{?\\?([A-Za-z]+)\}?/g,
      (_, accent, name) => (GREEK[name] ?? name) + ACCENTS[accent])
    .replace(/\\(?:d?frac)\{([^{}]*)\}\{([^{}]*)\}/g, "($1)/($2)")
    .replace(/\\sqrt\{([^{}]*)\}/g, "√($1)")
    .replace(/\\(?:mathrm|mathcal|mathbb|text|operatorname)\{([^{}]*)\}/g, "$1")
    .replace(/\\(?:begin|end)\{[^{}]*\}|\\(?:left|right|big|Big|quad|qquad|displaystyle|[,;:! ])/g, " ")
    .replace(/\\([A-Za-z]+)/g, (_, name) => GREEK[name] ?? name)
    .replace(/\\\\|[{}&]/g, " ")
    .replace(/\s+/g, " ");
}
document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined" || !Search.htmlToText) return;
  const plain = Search.htmlToText;
  Search.htmlToText = (...given) =>
    plain(...given).replace(/\\[([](.*?)\\[)\]]/gs, (_, tex) => formulaAsText(tex));
});
