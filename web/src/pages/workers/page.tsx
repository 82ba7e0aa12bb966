import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";

export function Page({ id }: PageProps) {
  useTitle(id === "" ? "Workers" : id, "Workers");
  return (
    <div class="page">
      <h1>Workers</h1>
    </div>
  );
}
