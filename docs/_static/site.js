/* A formula within a line cannot break. Where it is wider than the line, on a telephone, it gets a
   line of its own that scrolls. */
window.addEventListener("load", async () => {
  if (!window.MathJax?.startup?.promise) return;
  await MathJax.startup.promise;
  const fit = () => {
    for (const formula of document.querySelectorAll("span.math > mjx-container")) {
      formula.classList.remove("wide");
      const line = formula.closest("p, li, td, dd, dt, figcaption, h1, h2, h3") ?? document.body;
      const width = formula.getBoundingClientRect().width;
      formula.classList.toggle("wide", width > line.getBoundingClientRect().width);
    }
  };
  fit();
  window.addEventListener("resize", fit);
});
