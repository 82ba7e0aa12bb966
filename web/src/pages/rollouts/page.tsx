import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";

export function Page({ id }: PageProps) {
  useTitle(id === "" ? "Rollouts" : id, "Rollouts");
  return (
    <div class="page">
      <h1>Rollouts</h1>
    </div>
  );
}
