/** An exception: what it is, what it says, and where it happened. */

import { useSignal } from "@preact/signals";
import type { Exception as ExceptionFacts } from "lightning-store-client/trace";
import { CopyButton } from "../../../components/copy.tsx";
import { Icon } from "../../../components/icon.tsx";
import { frameLines } from "./frames.ts";

export function Exception({
  exception,
  folded = false,
}: {
  readonly exception: ExceptionFacts;
  readonly folded?: boolean;
}) {
  return (
    <div class="exception">
      <p class="exception-head">
        <Icon name="warning" />
        <strong>{exception.type ?? "Exception"}</strong>
      </p>
      {exception.message === null ? null : <p class="plain-text">{exception.message}</p>}
      {exception.stacktrace === null ? null : folded ? (
        <details>
          <summary>Stack trace</summary>
          <StackTrace text={exception.stacktrace} />
        </details>
      ) : (
        <StackTrace text={exception.stacktrace} />
      )}
    </div>
  );
}

export function StackTrace({ text }: { readonly text: string }) {
  const wrap = useSignal(false);
  return (
    <div class="stack-trace">
      <div class="row">
        <label class="wf-check">
          <input
            type="checkbox"
            checked={wrap.value}
            onChange={(event) => (wrap.value = event.currentTarget.checked)}
          />
          Wrap lines
        </label>
        <CopyButton text={text} what="stack trace" label="Copy" />
      </div>
      <pre class={wrap.value ? "is-wrapped" : ""} tabIndex={0} aria-label="Stack trace">
        {frameLines(text).map((line, place) => (
          <span key={place} class={line.library ? "is-library" : ""}>
            {line.text}
            {"\n"}
          </span>
        ))}
      </pre>
    </div>
  );
}
