/** All that can be shown when the browser does not load the client's module. */

import { href } from "./location.ts";

/** What most likely keeps it from loading, by what the browser says. */
function reason(error: unknown): string {
  const said = String(error);
  if (typeof WebAssembly === "undefined")
    return "This browser has no WebAssembly. Any browser since 2022 has.";
  if (/content security policy|unsafe-eval|CompileError.*disallow/i.test(said))
    return "A content security policy forbids it. A proxy before the store may have set one: it needs script-src 'wasm-unsafe-eval'.";
  if (/mime|content-type/i.test(said))
    return "It came with a wrong media type. A proxy before the store has to leave application/wasm as it is.";
  if (/fetch|network|load/i.test(said)) return "It could not be fetched. Is the store still running?";
  return "The browser refused it.";
}

export function WithoutClient({ error }: { error: unknown }) {
  return (
    <main class="plain">
      <h1>This page could not be started</h1>
      <p>Its client, a WebAssembly module, was not loaded. {reason(error)}</p>
      <pre>{String(error)}</pre>
      <p>
        The store answers without it too: <a href={href("/v1/agl/rollouts")}>rollouts</a>,{" "}
        <a href={href("/v1/agl/workers")}>workers</a>, <a href={href("/v1/agl/resources")}>resources</a>,{" "}
        <a href={href("/v1/agl/statistics")}>statistics</a>.
      </p>
    </main>
  );
}
