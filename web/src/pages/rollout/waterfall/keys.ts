/** What keys do in the waterfall. */

import { type Command, useCommands } from "../../../app/keyboard.ts";
import { TABS, url } from "../state.ts";
import { orderOf, type WaterfallModel } from "./model.ts";
import { pan, zoom } from "./zoom.ts";

const GROUP = "Waterfall";

function command(id: string, label: string, keys: readonly string[], run: () => unknown): Command {
  return { id: `waterfall.${id}`, label, group: GROUP, keys, run, palette: false };
}

export function useWaterfallKeys(model: WaterfallModel): void {
  const zoomBy = (factor: number): void => {
    const range = model.range.peek();
    const whole = model.whole.peek();
    if (range !== null && whole !== null) model.setRange(zoom(range, whole, factor));
  };
  const panBy = (part: number): void => {
    const range = model.range.peek();
    const whole = model.whole.peek();
    if (range !== null && whole !== null) model.setRange(pan(range, whole, part));
  };
  useCommands([
    command("down", "Next row", ["j", "ArrowDown"], () => model.step(1)),
    command("up", "Previous row", ["k", "ArrowUp"], () => model.step(-1)),
    command("page-down", "Many rows down", ["PageDown"], () => model.step(20)),
    command("page-up", "Many rows up", ["PageUp"], () => model.step(-20)),
    command("left", "Close, or go to the parent", ["ArrowLeft", "h"], () => model.left()),
    command("right", "Open, or go to the first child", ["ArrowRight", "l"], () => model.right()),
    command("home", "First row", ["Home"], () => model.chooseRow(0)),
    command("end", "Last row", ["End"], () => model.chooseRow(model.waterfall.rowCount - 1)),
    command("error", "Next error", ["e"], () => model.jump("error")),
    command("error-back", "Previous error", ["Shift+e"], () => model.jump("error", true)),
    command("reward", "Next reward", ["w"], () => model.jump("reward")),
    command("reward-back", "Previous reward", ["Shift+w"], () => model.jump("reward", true)),
    command("match", "Next match of the filter", ["n"], () => model.jump("match")),
    command("match-back", "Previous match of the filter", ["Shift+n"], () => model.jump("match", true)),
    command("focus", "Show only this part", ["f"], () => {
      const key = model.active.peek();
      if (key === null || key.startsWith("fold:")) return false;
      url.set({ focus: key });
      return true;
    }),
    command("unfocus", "Show everything again", ["u"], () => url.set({ focus: null })),
    command("in", "Zoom in", ["+", "="], () => zoomBy(0.5)),
    command("out", "Zoom out", ["-", "−"], () => zoomBy(2)),
    command("all", "See all of the time", ["0"], () => model.setRange(null)),
    command("earlier", "Earlier", ["Shift+ArrowLeft"], () => panBy(-0.25)),
    command("later", "Later", ["Shift+ArrowRight"], () => panBy(0.25)),
    command("level-1", "Open one level", ["1"], () => model.levels(1)),
    command("level-2", "Open two levels", ["2"], () => model.levels(2)),
    command("level-3", "Open three levels", ["3"], () => model.levels(3)),
    command("level-4", "Open four levels", ["4"], () => model.levels(4)),
    command("level-5", "Open five levels", ["5"], () => model.levels(5)),
    command("collapse", "Close everything", ["Shift+c"], () => model.levels(1)),
    command("tab", "Next tab of the inspector", ["t"], () => {
      const at = TABS.indexOf(url.value.tab);
      const next = TABS[(at + 1) % TABS.length];
      if (next !== undefined) url.set({ tab: next }, "replace");
    }),
    command("order", "Order by time or by sequence", ["o"], () => {
      url.set({ order: orderOf(url.value) === "time" ? "seq" : "time" }, "replace");
    }),
  ]);
}
