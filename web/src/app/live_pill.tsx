/** Whether what is shown follows the store. */

import { Icon, type IconName } from "../components/icon.tsx";
import { now } from "./clock.ts";
import { type LiveState, liveState, missed, paused, retryAt, setPaused } from "./live.ts";

const WORDS: Record<LiveState, readonly [IconName, string]> = {
  connecting: ["preparing", "Connecting"],
  live: ["bolt", "Live"],
  reconnecting: ["again", "Reconnecting"],
  paused: ["pause", "Paused"],
  polling: ["clock", "Polling"],
  offline: ["off", "Offline"],
};

export function LivePill() {
  const [icon, word] = WORDS[liveState.value];
  return (
    <span class="pill" data-state={liveState.value} title={titleOf(liveState.value)}>
      <Icon name={icon} filled={icon === "bolt"} />
      {/* Only the state is announced, not the seconds. */}
      <span role="status">{word}</span>
      {retryAt.value !== null && <span aria-hidden="true">{seconds(retryAt.value)}</span>}
      {paused.value && missed.value > 0 && <span class="badge">{missed.value} missed</span>}
    </span>
  );
}

export function seconds(at: number): string {
  return `${Math.max(0, Math.ceil(at / 1000 - now.value))} s`;
}

function titleOf(state: LiveState): string {
  switch (state) {
    case "live":
      return "Changes are shown as they happen";
    case "paused":
      return "Nothing is asked for until you resume";
    case "polling":
      return "This server tells no events: it is asked every 5 seconds";
    case "offline":
    case "reconnecting":
      return "The server is not reached";
    default:
      return "Waiting for the server";
  }
}

export function LiveSwitch() {
  return (
    <button
      type="button"
      class="button"
      aria-label={paused.value ? "Resume live updates" : "Pause live updates"}
      title={paused.value ? "Resume live updates (p)" : "Pause live updates (p)"}
      onClick={() => setPaused(!paused.peek())}
    >
      <Icon name={paused.value ? "play" : "pause"} />
      <span class="wide-only">{paused.value ? "Resume" : "Pause"}</span>
    </button>
  );
}
