/** A component whose script is fetched when it is first shown. */

import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const ready = useSignal(loaded !== null);
    useEffect(() => {
      if (loaded !== null) return;
      // A script that does not come is asked for again when it is next shown.
      load().then(
        (component) => {
          loaded = component;
          ready.value = true;
        },
        () => undefined,
      );
    }, []);
    const Loaded = loaded;
    return ready.value && Loaded !== null ? <Loaded {...props} /> : null;
  };
}
