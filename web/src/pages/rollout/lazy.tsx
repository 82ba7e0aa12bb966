/** Views whose script is loaded when somebody looks at them. */

import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { type Failure, failureOf } from "../../api/failure.ts";
import { ErrorState, Loading } from "../../components/states.tsx";

/** A component that loads another one, and is it from then on. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const there = useSignal(loaded !== null);
    const failure = useSignal<Failure | null>(null);
    const fetchIt = async (): Promise<void> => {
      failure.value = null;
      try {
        loaded = await load();
        there.value = true;
      } catch (error) {
        failure.value = failureOf(error);
      }
    };
    useEffect(() => {
      if (loaded === null) void fetchIt();
    }, []);
    if (failure.value !== null) return <ErrorState failure={failure.value} retry={fetchIt} />;
    const View = loaded;
    return there.value && View !== null ? <View {...props} /> : <Loading rows={6} />;
  };
}
