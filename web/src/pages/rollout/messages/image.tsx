/**
 * Pictures in messages. What is in the trace itself is shown; nothing is fetched: looking at a trace must not tell anybody
 * that it is looked at. Others are links.
 */

import { useSignal } from "@preact/signals";
import { Icon } from "../../../components/icon.tsx";
import { bytes } from "../../../format/bytes.ts";
import { hostOf } from "./host.ts";

/** Larger pictures wait for a click. */
const SHOWN_BYTES = 2_000_000;

const DATA_IMAGE = /^data:image\/(?:png|jpeg|jpg|gif|webp|avif|bmp|svg\+xml)[;,]/i;

export function Picture({ url, alt }: { readonly url: string; readonly alt: string }) {
  const open = useSignal(url.length <= SHOWN_BYTES);
  if (DATA_IMAGE.test(url)) {
    if (open.value)
      return <img class="msg-image" src={url} alt={alt || "Picture"} loading="lazy" decoding="async" />;
    return (
      <button type="button" class="button" onClick={() => (open.value = true)}>
        Show picture ({bytes(url.length)})
      </button>
    );
  }
  const host = hostOf(url);
  if (host !== null) {
    return (
      <a class="msg-remote" href={url} target="_blank" rel="noopener noreferrer" title={url}>
        <Icon name="external" />
        Load image from {host}
        {alt === "" ? null : ` (${alt})`}
      </a>
    );
  }
  return (
    <span class="muted">picture: {url.length > 120 ? `${url.slice(0, 120)}…` : url || "no address"}</span>
  );
}
