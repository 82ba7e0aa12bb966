/** The attributes of a span: as stored, or with dots leading into objects. Secrets are masked until they are asked for. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { JsonTree } from "../../../components/json/json_tree.tsx";
import type { TraceSession } from "../session.ts";
import { url } from "../state.ts";
import { Reveal } from "./reveal.tsx";

interface Props {
  readonly session: TraceSession;
  readonly spanId: string;
}

export function Attributes({ session, spanId }: Props) {
  const reveal = useSignal("");
  const { flat } = url.signal.value;
  const shape = flat ? "flat" : "nested";
  const shown = reveal.value === spanId;
  const revision = session.revision.value;
  const text = useMemo(
    () => session.waterfall.attributesOf(spanId, { shape, revealSecrets: shown }) ?? "{}",
    [spanId, shape, shown, revision],
  );
  const secrets = useMemo(
    () =>
      session.waterfall.attributesOf(spanId, { revealSecrets: true }) !==
      session.waterfall.attributesOf(spanId),
    [spanId, revision],
  );
  if (text === "{}") return <p class="state muted">This span has no attributes.</p>;
  return (
    <div class="stack">
      <div class="row">
        <div class="segmented" role="group" aria-label="Shape">
          <button
            type="button"
            class="button"
            aria-pressed={!flat}
            onClick={() => url.set({ flat: false }, "replace")}
          >
            Tree
          </button>
          <button
            type="button"
            class="button"
            aria-pressed={flat}
            onClick={() => url.set({ flat: true }, "replace")}
          >
            As stored
          </button>
        </div>
        {secrets ? <Reveal shown={shown} onChange={(show) => (reveal.value = show ? spanId : "")} /> : null}
      </div>
      <JsonTree text={text} label="Attributes" openLevels={flat ? 1 : 2} />
    </div>
  );
}
