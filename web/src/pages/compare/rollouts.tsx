import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";

export function Page({ id }: PageProps) {
  useTitle(id === "" ? "Compare" : id, "Compare");
  return (
    <div class="page">
      <h1>Compare</h1>
    </div>
  );
}
