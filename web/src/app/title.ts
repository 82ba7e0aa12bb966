/** The title of the window: the innermost first, for tabs are narrow. */

import { useEffect } from "preact/hooks";

export function useTitle(...parts: string[]): void {
  const title = [...parts, "Lightning"].join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
