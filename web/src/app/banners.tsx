/** What everybody has to know, whatever they look at. */

import { level } from "../api/capabilities.ts";
import { Icon } from "../components/icon.tsx";
import { clock, zoneLabel } from "../format/time.ts";
import { retryAt, retryNow, unreachableBecause, unreachableSince } from "./live.ts";
import { seconds } from "./live_pill.tsx";
import { zone } from "./preferences.ts";

export function Banners() {
  const since = unreachableSince.value;
  return (
    <>
      {since !== null && (
        <div class="banner" role="alert" data-banner="offline">
          <Icon name="warning" />
          <span title={unreachableBecause.value ?? ""}>
            Server not reachable since {clock(since / 1000, zone.value)} {zoneLabel(zone.value, since / 1000)}
            ; what you see may be out of date
          </span>
          <button type="button" class="button" onClick={retryNow}>
            Retry now
          </button>
          <span aria-hidden="true">{retryAt.value !== null && `retrying in ${seconds(retryAt.value)}`}</span>
        </div>
      )}
      {level.value === "reduced" && (
        <section class="banner" data-banner="reduced" aria-label="Reduced mode">
          <Icon name="info" />
          <span>
            Reduced mode: this server speaks the plain protocol only. Lists are fetched every 5 seconds;
            rewards, tokens, counts and the overview need lightning-store.
          </span>
        </section>
      )}
    </>
  );
}
