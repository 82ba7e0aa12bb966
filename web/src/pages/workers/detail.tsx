import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";

export function Page({ id }: PageProps) {
  useTitle(id === "" ? "Worker" : id, "Worker");
  return (
    <div class="page">
      <h1>Worker</h1>
    </div>
  );
}
