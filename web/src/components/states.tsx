/** What is shown where there is nothing to show. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Failure } from "../api/failure.ts";
import type { Answer } from "../api/query.ts";
import { CopyButton } from "./copy.tsx";
import { Icon } from "./icon.tsx";

/** Rows to come; seen only if they take their time. */
export function Loading({ rows = 8 }: { rows?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} />
      ))}
    </div>
  );
}

/** There is nothing. The children say what would be here, and how to get it. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

const TITLES: Record<Failure["kind"], string> = {
  offline: "The server is not reachable",
  missing: "Not found",
  request: "The server refused this request",
  server: "The server failed at this request",
  page: "This page made a mistake",
};

/** Why there is nothing: whose mistake it is, what was asked, and what to do. */
export function ErrorState({ failure, retry }: { failure: Failure; retry?: (() => unknown) | undefined }) {
  const open = useSignal(false);
  const details = (): string => JSON.stringify({ ...failure, page: window.location.href }, null, 2);
  return (
    <div class="failure" role="alert">
      <h2>
        <Icon name="warning" />
        {TITLES[failure.kind]}
        {failure.status !== null && ` (${failure.status})`}
      </h2>
      <p>{failure.detail ?? failure.message}</p>
      {failure.kind === "request" && (
        <p class="muted">The connection is fine: it is this request that is not.</p>
      )}
      {failure.call !== null && (
        <p class="muted">
          Asked for <code>{failure.call}</code>
          {failure.requestId !== null && (
            <>
              {" "}
              · request <code>{failure.requestId}</code>
            </>
          )}
        </p>
      )}
      {failure.more !== null && (
        <>
          <button
            type="button"
            class="link"
            aria-expanded={open.value}
            onClick={() => (open.value = !open.value)}
          >
            {open.value ? "Hide details" : "Show details"}
          </button>
          {open.value && <pre>{failure.more}</pre>}
        </>
      )}
      <div class="row">
        {retry !== undefined && (
          <button type="button" class="button" onClick={() => void retry()}>
            <Icon name="refresh" />
            Try again
          </button>
        )}
        <CopyButton text={details} what="details" label="Copy details" />
      </div>
    </div>
  );
}

/** An answer: shown while it is asked for anew, else why it is not there. */
export function Answered<T>({
  answer,
  children,
  rows,
}: {
  answer: Answer<T>;
  children: (data: T) => ComponentChildren;
  rows?: number;
}) {
  const data = answer.data.value;
  const error = answer.error.value;
  return (
    <>
      {error !== null && (data === null || error.kind !== "offline") && (
        <ErrorState failure={error} retry={() => answer.refetch()} />
      )}
      {data === null ? error === null && <Loading rows={rows ?? 8} /> : children(data)}
    </>
  );
}

/** A thin line while something is asked for. */
export function Progress({ on }: { on: boolean }) {
  return <div class="progress" data-on={on} aria-hidden="true" />;
}
