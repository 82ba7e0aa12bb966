/** What spans say, where nobody works it out: a server without the dashboard's calls. */

import type { SpanFacts } from "lightning-store-client";

export const NO_FACTS: SpanFacts = {
  spans: 0,
  errors: 0,
  input_tokens: 0,
  output_tokens: 0,
  cost: null,
  models: [],
  reward: null,
  rewards: [],
  last_error: null,
};
