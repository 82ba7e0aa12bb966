import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";

export function Page({ id }: PageProps) {
  useTitle(id === "" ? "Overview" : id, "Overview");
  return (
    <div class="page">
      <h1>Overview</h1>
    </div>
  );
}
