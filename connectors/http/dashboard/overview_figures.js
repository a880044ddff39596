// Figures above the overview: what all of its tracks hold together.

import { unalerted } from "./alerts.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { nothingBefore } from "./key_figures.js";
import { figure } from "./panels.js";

/**
 * @param {import("./api.js").Board} board
 * @param {Map<string, any[]>} alerts
 * @param {import("./alerts.js").Watch | null} watch
 * @param {boolean} past whether the board is of a span
 */
export function summary({ tracks, before_kept: beforeKept }, alerts, watch, past) {
  const posts = tracks.reduce((sum, each) => sum + each.posts, 0);
  const compared = tracks.reduce((sum, each) => sum + each.posts_compared, 0);
  const before = tracks.reduce((sum, each) => sum + each.posts_before, 0);
  const spoken = tracks.filter((each) => each.posts > 0);
  const moves = spoken.filter((each) => each.net_change !== null);
  const most = moves.sort((one, other) => Math.abs(other.net_change ?? 0) - Math.abs(one.net_change ?? 0))[0];
  const raised = [...alerts.values()].flat().length;
  const told = [
    raised && [...alerts.keys()].slice(0, 2).join(", "),
    (!raised || !watch?.active) && unalerted(watch, past ? "none is known" : "all as usual"),
  ].filter(Boolean);
  return [
    figure(
      "Posts",
      format.short(posts),
      before ? `${format.changed(compared / before - 1)} on the window before` : nothingBefore(beforeKept),
    ),
    figure("Tracks with posts", `${spoken.length}`, `of ${tracks.length}`),
    most
      ? figure(
        "Moved most",
        h(
          "span",
          { class: most.net_change_sure ? ((most.net_change ?? 0) > 0 ? "up" : "down") : null },
          format.net(most.net_change),
        ),
        `${most.track}, ${format.between(most.net_change_low, most.net_change_high)}: ${
          most.net_change_sure ? "more than chance" : "perhaps by chance"
        }`,
      )
      : figure("Moved most", "–", "nothing to compare with yet"),
    figure(past ? "Alerts then" : "Alerts under way", `${raised}`, told.join("; ")),
  ];
}
