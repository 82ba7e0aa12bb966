/** A span exactly as the server sent it. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { CopyButton } from "../../../components/copy.tsx";
import { Icon } from "../../../components/icon.tsx";
import { RawText } from "../../../components/json/raw_text.tsx";
import { saveText } from "../../../components/json/save.ts";
import type { TraceSession } from "../session.ts";
import { Reveal } from "./reveal.tsx";

export function Raw({ session, spanId }: { readonly session: TraceSession; readonly spanId: string }) {
  const reveal = useSignal("");
  const shown = reveal.value === spanId;
  const revision = session.revision.value;
  const masked = useMemo(() => session.waterfall.raw(spanId) ?? "", [spanId, revision]);
  const whole = useMemo(
    () => session.waterfall.raw(spanId, { revealSecrets: true }) ?? "",
    [spanId, revision],
  );
  const text = shown ? whole : masked;
  return (
    <div class="stack">
      <div class="row">
        <CopyButton text={text} what="the span as JSON" label="Copy" />
        <button
          type="button"
          class="button"
          onClick={() => saveText(`span-${spanId}.json`, text, "application/json")}
        >
          <Icon name="download" />
          Download
        </button>
        {masked === whole ? null : (
          <Reveal shown={shown} onChange={(show) => (reveal.value = show ? spanId : "")} />
        )}
      </div>
      {masked === whole || shown ? null : (
        <p class="muted">
          Secrets are masked, so this is written anew; reveal them to see every byte as sent.
        </p>
      )}
      <RawText text={text} label="The span as sent" />
    </div>
  );
}
