/** Has whole spans fetched before something is shown that is worked out from them. */

import { useSignal } from "@preact/signals";
import type { Kind } from "lightning-store-client/trace";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { type Failure, failureOf } from "../../api/failure.ts";
import { ErrorState, Loading } from "../../components/states.tsx";
import { count } from "../../format/number.ts";
import type { TraceSession } from "./session.ts";

interface Props {
  readonly session: TraceSession;
  /** Whose bodies are needed; all if it is missing. */
  readonly kinds?: readonly Kind[];
  readonly children: ComponentChildren;
}

export function Bodies({ session, kinds, children }: Props) {
  const failure = useSignal<Failure | null>(null);
  const complete = session.complete.value;
  const arrived = session.arrived.value;
  const progress = session.bodies.value;
  const fetchThem = (): void => {
    failure.value = null;
    session.allBodies(kinds === undefined ? undefined : [...kinds]).catch((error: unknown) => {
      failure.value = failureOf(error);
    });
  };
  useEffect(() => {
    if (complete && !session.closed) fetchThem();
  }, [session, complete, arrived]);
  if (failure.value !== null) return <ErrorState failure={failure.value} retry={fetchThem} />;
  const missing = session.closed
    ? 0
    : session.waterfall.withoutBody(kinds === undefined ? undefined : [...kinds]).length;
  if (!complete || (missing > 0 && session.arrived.value === 0)) {
    return (
      <>
        {progress === null ? null : (
          <p class="muted bodies-progress" role="status">
            Fetching {count(progress.done)} of {count(progress.of)} spans
          </p>
        )}
        <Loading rows={10} />
      </>
    );
  }
  return <>{children}</>;
}
