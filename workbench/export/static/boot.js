// Draws the interactive charts of an exported page over their static twins, as they come near
// the window. Everything it needs lies in the page; where it does not run, the twins stay.
(async () => {
  "use strict";
  const packed = document.getElementById("wb-plotly");
  const figures = [...document.querySelectorAll(".wb-figure")];
  if (!packed || !figures.length || !window.DecompressionStream) return;

  const inks = JSON.parse(document.getElementById("wb-inks").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  // An exported notebook says itself whether its ground is light; a page follows the reader.
  const told = document.body.dataset.jpThemeLight;
  const ground = () => ((told === undefined ? dark.matches : told === "false") ? "dark" : "light");

  const text = packed.textContent.trim();
  packed.remove();
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.head.appendChild(script);
  if (!window.Plotly) return;

  const recoloured = (source) =>
    Object.entries(inks[ground()]).reduce((json, [ink, better]) => json.replaceAll(ink, better), source);

  const draw = async (figure) => {
    const spec = JSON.parse(recoloured(figure.querySelector(".wb-spec").textContent));
    const live = figure.querySelector(".wb-live");
    live.hidden = false;
    // When the window changes, plotly takes the height from the element, not from the layout.
    live.style.height = `${spec.layout.height || 420}px`;
    figure.classList.add("wb-drawn");
    try {
      await window.Plotly.react(live, spec.data, spec.layout, { ...spec.config, responsive: true });
      figure.dataset.drawn = "yes";
    } catch (error) {
      console.error("A chart could not be drawn; its static picture stays.", error);
      live.hidden = true;
      figure.classList.remove("wb-drawn");
    }
  };

  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          near.unobserve(entry.target);
          draw(entry.target);
        }
      }
    },
    { rootMargin: "400px" },
  );
  figures.forEach((figure) => near.observe(figure));
  dark.addEventListener("change", () =>
    figures.filter((figure) => figure.dataset.drawn).forEach(draw),
  );
})();
