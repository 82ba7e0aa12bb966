import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";

export function Page({ id }: PageProps) {
  useTitle(id === "" ? "Resources" : id, "Resources");
  return (
    <div class="page">
      <h1>Resources</h1>
    </div>
  );
}
