// Large charts, drawn by Apache ECharts: what they share, and saving them as PNG.

import { echarts } from "/assets/charts/index.js";
import { onAxis } from "./format.js";

const NAMES = [
  "paper",
  "panel",
  "sunken",
  "line",
  "line-strong",
  "ink",
  "ink-2",
  "ink-3",
  "accent",
  "positive",
  "neutral",
  "negative",
  "volume",
  "alert",
  "happy",
  "surprise",
  "sad",
  "fear",
  "angry",
  "disgust",
  "track-1",
  "track-2",
  "track-3",
  "track-4",
  "track-5",
  "track-6",
  "track-7",
  "track-8",
];

/**
 * The colours of tokens.css as they are now, light or dark.
 * @returns {Record<string, string>}
 */
export function palette() {
  const probe = document.createElement("i");
  document.body.append(probe);
  const found = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found);
}

/** Pixels of a rem: charts grow with the type on a wall. */
export const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

/** A chart in an element; follows its size. */
export class Chart {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.drawn = echarts.init(element, null, { renderer: "canvas" });
    this.watch = new ResizeObserver(() => this.drawn.resize());
    this.watch.observe(element);
  }

  /**
   * Draw.
   * @param {object} option of ECharts
   * @param {string} said what it shows, for who does not see it
   */
  draw(option, said) {
    this.drawn.setOption({ animation: false, ...option }, { notMerge: true, lazyUpdate: true });
    this.element.setAttribute("role", "img");
    this.element.setAttribute("aria-label", said);
  }

  /**
   * Save it as it looks.
   * @param {string} name of the file, without its ending
   */
  save(name) {
    const link = document.createElement("a");
    link.download = `${name}.png`;
    link.href = this.drawn.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: palette().panel });
    link.click();
  }

  remove() {
    this.watch.disconnect();
    this.drawn.dispose();
  }
}

/**
 * Type and tooltip that all charts share.
 * @param {Record<string, string>} colour
 */
export function base(colour) {
  return {
    backgroundColor: "transparent",
    textStyle: {
      fontFamily: getComputedStyle(document.body).fontFamily,
      fontSize: 0.75 * rem(),
      color: colour["ink-3"],
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      backgroundColor: colour.panel,
      borderColor: colour["line-strong"],
      borderWidth: 1,
      padding: [0.5 * rem(), 0.75 * rem()],
      textStyle: { color: colour.ink, fontSize: 0.8125 * rem() },
      axisPointer: { type: "line", lineStyle: { color: colour["line-strong"], type: "solid" } },
    },
  };
}

/**
 * A time axis from the start to the end of what is shown.
 * @param {Record<string, string>} colour
 * @param {{start: number, end: number}} span Unix seconds
 * @param {Record<string, any>} [more]
 */
export function timeAxis(colour, span, more = {}) {
  return {
    type: "time",
    min: span.start * 1000,
    max: span.end * 1000,
    axisLine: { lineStyle: { color: colour["line-strong"] } },
    axisTick: { show: false },
    splitLine: { show: false },
    ...more,
    axisLabel: {
      color: colour["ink-3"],
      hideOverlap: true,
      fontSize: 0.75 * rem(),
      showMinLabel: false,
      showMaxLabel: false,
      formatter: (/** @type {number} */ at) => onAxis(at / 1000, span.end - span.start),
      ...more.axisLabel,
    },
  };
}

/**
 * An axis of values without a line of its own.
 * @param {Record<string, string>} colour
 * @param {object} [more]
 */
export function valueAxis(colour, more = {}) {
  return {
    type: "value",
    splitNumber: 4,
    axisLabel: { color: colour["ink-3"], fontSize: 0.75 * rem() },
    splitLine: { lineStyle: { color: colour.line, width: 1 } },
    ...more,
  };
}

/**
 * A line of shares with its interval as a band behind it.
 * @param {string} name
 * @param {string} colour
 * @param {(import("./api.js").Share | null)[]} shares one a bucket, null where there was no post
 * @param {number[]} times milliseconds
 * @param {object} [place] `xAxisIndex`, `yAxisIndex`
 * @returns {Record<string, any>[]}
 */
export function banded(name, colour, shares, times, place = {}) {
  const quiet = {
    type: "line",
    symbol: "none",
    silent: true,
    lineStyle: { opacity: 0 },
    tooltip: { show: false },
    ...place,
  };
  return [
    { ...quiet, name: `${name} low`, stack: `${name} band`, data: times.map((at, i) => [at, shares[i]?.low ?? null]) },
    {
      ...quiet,
      name: `${name} band`,
      stack: `${name} band`,
      areaStyle: { color: colour, opacity: 0.17 },
      data: times.map((at, i) => {
        const share = shares[i];
        return [at, share ? share.high - share.low : null];
      }),
    },
    {
      type: "line",
      name,
      symbol: "circle",
      symbolSize: 5,
      showSymbol: shares.filter(Boolean).length < 40,
      color: colour,
      lineStyle: { width: 2, color: colour },
      itemStyle: { color: colour },
      emphasis: { disabled: true },
      data: times.map((at, i) => [at, shares[i]?.share ?? null]),
      ...place,
    },
  ];
}
