// The moment of a chart that is looked at: chosen by click or by the arrow keys.

const BOTH_GRIDS = [0, 1];

/**
 * Let a moment be chosen.
 * @param {import("./charts.js").Chart} chart of sentiment over volume
 * @param {() => import("./series.js").LiveSeries} shown the series as it is drawn now
 * @param {(start: number | null) => void} pick gets the start of a bucket; null: none any more
 */
export function choosable(chart, shown, pick) {
  /** @type {number | null} */
  let picked = null;
  const choose = (/** @type {number | null} */ start) => pick(picked = start);

  chart.drawn.getZr().on("click", (event) => {
    const place = [event.offsetX, event.offsetY];
    if (!BOTH_GRIDS.some((gridIndex) => chart.drawn.containPixel({ gridIndex }, place))) return;
    const [at] = chart.drawn.convertFromPixel({ gridIndex: 0 }, place);
    const { step } = shown();
    const start = Math.floor(at / 1000 / step) * step;
    choose(start === picked ? null : start);
  });
  chart.element.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") return choose(null);
    if (!step) return;
    event.preventDefault();
    const series = shown();
    const newest = series.end - series.step;
    choose(Math.min(newest, Math.max(series.start, picked === null ? newest : picked + step * series.step)));
  });
}
