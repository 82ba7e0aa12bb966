/** What of the page of a rollout is in its address. */

import { KINDS, type Kind } from "lightning-store-client/trace";
import { choice, decimal, flag, optional, text, whole, words } from "../../url/params.ts";
import { urlState } from "../../url/state.ts";

export const VIEWS = ["waterfall", "tree", "messages", "training", "json"] as const;
export type View = (typeof VIEWS)[number];

export const TABS = ["overview", "messages", "attributes", "events", "raw"] as const;
export type Tab = (typeof TABS)[number];

/** What trainers take for a call of a model. */
export const CALL_NAME = "openai.chat.completion";

export const url = urlState({
  attempt: text("latest"),
  view: choice(VIEWS, "waterfall"),
  span: optional(),
  tab: choice(TABS, "overview"),
  q: text(),
  /** `1`: the text is searched everywhere, in attributes too. */
  deep: flag(),
  kind: words<Kind>(KINDS),
  min_dur: decimal(),
  errors: flag(),
  /** The key of a row; only it and what lies below it is shown. */
  focus: optional(),
  /** Null: as preferred. */
  order: optional(),
  repair: flag(),
  /** Seconds from the first start of the trace. */
  t0: decimal(),
  t1: decimal(),
  /** So many levels are open; 0: as usual. */
  collapsed: whole(0, 0, 99),
  /** Whether the axis counts from the start or shows the time of day. */
  axis: choice(["relative", "absolute"] as const, "relative"),
  /** Attributes as stored, instead of as a tree. */
  flat: flag(),
  follow: flag(),
  /** What the name of a call's span contains, for training. */
  call: text(CALL_NAME),
  reward_match: choice(["first_occurrence", "first_sibling"] as const, "first_occurrence"),
});

export type RolloutState = typeof url.value;
