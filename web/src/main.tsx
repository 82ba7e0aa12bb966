/** Where the page begins: the client's module, then what the store can do, then the shell. */

import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/shell.css";
import { render } from "preact";
import { findCapabilities } from "./api/capabilities.ts";
import { loadClient } from "./api/client.ts";
import { startClock } from "./app/clock.ts";
import { listenToKeys } from "./app/keyboard.ts";
import { startLive } from "./app/live.ts";
import { followLinks } from "./app/location.ts";
import { applyPreferences } from "./app/preferences.ts";
import { Shell } from "./app/shell.tsx";
import { WithoutClient } from "./app/without_client.tsx";
import { preloadPage } from "./app/routes.tsx";

async function start(root: HTMLElement): Promise<void> {
  applyPreferences();
  const page = preloadPage();
  try {
    await loadClient();
  } catch (error) {
    render(<WithoutClient error={error} />, root);
    return;
  }
  const asked = findCapabilities();
  await page;
  startClock();
  listenToKeys();
  followLinks();
  render(<Shell />, root);
  startLive((await asked) === "full");
}

const root = document.getElementById("app");
if (root !== null) void start(root);
