import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";

export function Page({ id }: PageProps) {
  useTitle(id === "" ? "Rollout" : id, "Rollout");
  return (
    <div class="page">
      <h1>Rollout</h1>
    </div>
  );
}
