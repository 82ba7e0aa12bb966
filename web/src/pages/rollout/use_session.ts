/** The session of an attempt, as long as somebody looks at it; kept up to date while the page is live. */

import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { usePaced } from "../../api/query.ts";
import { announce } from "../../app/announce.ts";
import { type LiveTopic, watch } from "../../app/live.ts";
import { plural } from "../../format/number.ts";
import { TraceSession } from "./session.ts";
import { WaterfallModel } from "./waterfall/model.ts";

/** Null: there is no attempt. */
export function useTrace(rolloutId: string, attemptId: string | null): WaterfallModel | null {
  const held = useMemo(() => signal<WaterfallModel | null>(null), []);
  const model = held.value;
  const update = usePaced(() => held.peek()?.session.update());
  useEffect(() => {
    if (attemptId === null) {
      held.value = null;
      return undefined;
    }
    const session = new TraceSession(rolloutId, attemptId);
    held.value = new WaterfallModel(session);
    void session.update();
    const topic: LiveTopic = `spans:${rolloutId}/${attemptId}`;
    const stop = watch([topic], update);
    const said = session.arrived.subscribe((many) => {
      if (many > 0) announce(`${plural(many, "new span")} since this was opened`);
    });
    return () => {
      stop();
      said();
      // What shows it goes first.
      held.value = null;
      setTimeout(() => session.close());
    };
  }, [rolloutId, attemptId]);
  return model;
}
