// The series of several tracks over one range.

import { LiveSeries } from "./series.js";

/** Tracks that are compared, each with a colour of its own. */
export class Beside {
  /**
   * @param {string[]} tracks in the order of their colours
   * @param {import("./api.js").Series[]} found of each
   * @param {boolean} fixed whether the range stays where it is
   */
  constructor(tracks, found, fixed) {
    this.tracks = tracks;
    this.all = new Map(found.map((series) => [series.track, new LiveSeries(series, fixed)]));
    this.resolution = found[0]?.resolution ?? "1m";
  }

  get start() {
    return Math.min(...[...this.all.values()].map((series) => series.start));
  }

  get end() {
    return Math.max(...[...this.all.values()].map((series) => series.end));
  }

  get step() {
    return [...this.all.values()][0].step;
  }

  /** Starts of all buckets of the range. */
  starts() {
    return Array.from(
      { length: Math.round((this.end - this.start) / this.step) },
      (_, at) => this.start + at * this.step,
    );
  }

  /**
   * Milliseconds of the middle of a bucket.
   * @param {number} start
   */
  middle(start) {
    return (start + this.step / 2) * 1000;
  }

  /**
   * @param {string} track
   * @param {number} start
   */
  bucket(track, start) {
    return this.all.get(track)?.held.get(start);
  }

  /**
   * Name of a track's colour.
   * @param {string} track
   */
  tone(track) {
    return `track-${this.tracks.indexOf(track) + 1}`;
  }

  /** @param {{track: string, buckets: import("./api.js").Bucket[]}} event */
  put({ track, buckets }) {
    this.all.get(track)?.put(buckets);
  }
}
