/** Everything as JSON: the rollout, its attempt, its spans. Secrets are masked until they are asked for. */

import { useSignal } from "@preact/signals";
import { maskSecrets } from "lightning-store-client/trace";
import { useMemo } from "preact/hooks";
import { client } from "../../api/client.ts";
import { useQuery } from "../../api/query.ts";
import { CopyButton } from "../../components/copy.tsx";
import { Icon } from "../../components/icon.tsx";
import { JsonTree } from "../../components/json/json_tree.tsx";
import { saveText } from "../../components/json/save.ts";
import { Answered } from "../../components/states.tsx";
import { count } from "../../format/number.ts";
import { Reveal } from "./inspector/reveal.tsx";
import type { LoadedRollout } from "./load.ts";
import type { TraceSession } from "./session.ts";

/** More spans than these are saved, not shown. */
const SHOWN_SPANS = 2_000;

export function JsonView({
  loaded,
  session,
}: {
  readonly loaded: LoadedRollout;
  readonly session: TraceSession | null;
}) {
  const reveal = useSignal(false);
  const rollout = useMemo(
    () => (reveal.value ? loaded.text : (maskSecrets(loaded.text) ?? loaded.text)),
    [loaded, reveal.value],
  );
  return (
    <div class="json-view">
      <div class="row">
        <Reveal shown={reveal.value} onChange={(shown) => (reveal.value = shown)} />
      </div>
      <section>
        <h2>Rollout</h2>
        <JsonTree text={rollout} label="Rollout" openLevels={2} />
      </section>
      {session === null ? null : (
        <section>
          <h2>Spans of this attempt</h2>
          {session.total.value > SHOWN_SPANS ? (
            <p>
              {count(session.total.value)} spans are too many to show as one text. Choose one in the
              waterfall, or save all spans with “Export”.
            </p>
          ) : (
            <Spans session={session} reveal={reveal.value} />
          )}
        </section>
      )}
    </div>
  );
}

function Spans({ session, reveal }: { readonly session: TraceSession; readonly reveal: boolean }) {
  const { rolloutId, attemptId } = session;
  const answer = useQuery({
    key: `${rolloutId} ${attemptId} ${session.arrived.value}`,
    load: (signal) =>
      client.text.querySpans(
        { rollout_id: rolloutId, attempt_id: attemptId, limit: SHOWN_SPANS },
        { signal },
      ),
  });
  return (
    <Answered answer={answer}>
      {(text) => <SpansText text={text} attemptId={attemptId} reveal={reveal} />}
    </Answered>
  );
}

function SpansText({
  text,
  attemptId,
  reveal,
}: {
  readonly text: string;
  readonly attemptId: string;
  readonly reveal: boolean;
}) {
  const shown = useMemo(() => (reveal ? text : (maskSecrets(text) ?? text)), [text, reveal]);
  return (
    <>
      <div class="row">
        <CopyButton text={shown} what="all spans" label="Copy" />
        <button
          type="button"
          class="button"
          onClick={() => saveText(`${attemptId}-spans.json`, shown, "application/json")}
        >
          <Icon name="download" />
          Download
        </button>
      </div>
      <JsonTree text={shown} label="Spans" openLevels={2} />
    </>
  );
}
