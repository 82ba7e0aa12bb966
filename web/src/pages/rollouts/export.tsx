/** The rollouts that match, as a file. The server writes it while it is read. */

import { base } from "../../app/location.ts";
import { Icon } from "../../components/icon.tsx";
import { Menu } from "../../components/menu.tsx";
import { plural } from "../../format/number.ts";
import { type Asked, type ListState, SORTS, sortOf } from "./conditions.ts";

interface Props {
  readonly asked: Asked;
  readonly state: ListState;
  readonly total: number;
  /** Those that are chosen; if there are any, only they are exported. */
  readonly chosen: readonly string[];
}

export function Export({ asked, state, total, chosen }: Props) {
  const what = plural(chosen.length > 0 ? chosen.length : total, "rollout");
  return (
    <Menu
      label={
        <>
          <Icon name="download" />
          <span class="wide-only">Export</span>
        </>
      }
      name={`Export ${what}`}
    >
      {(close) => (
        <>
          <h3>Export {what}</h3>
          <a class="item" download href={addressOf("jsonl", asked, state, chosen)} onClick={close}>
            As JSON lines, whole
          </a>
          <a class="item" download href={addressOf("csv", asked, state, chosen)} onClick={close}>
            As CSV, a line each
          </a>
        </>
      )}
    </Menu>
  );
}

/** Exported for its tests. */
export function addressOf(
  format: "jsonl" | "csv",
  asked: Asked,
  state: ListState,
  chosen: readonly string[],
): string {
  const { by, order } = sortOf(state);
  const search = new URLSearchParams();
  const query = chosen.length > 0 ? { rollout_id_in: chosen } : asked.conditions(Date.now() / 1000);
  for (const [name, value] of Object.entries({
    ...query,
    sort_by: SORTS[by] ?? "start_time",
    sort_order: order,
  })) {
    for (const text of Array.isArray(value) ? value : [value]) search.append(name, String(text));
  }
  return new URL(`v1/agl/dashboard/export/rollouts.${format}?${search}`, base).href;
}
