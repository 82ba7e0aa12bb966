/** Ids are opaque, and long ones are told apart by their ends. */

/** `ro-5c1f…6d27`: whole if it is short. */
export function shortId(id: string, most = 18): string {
  if (id.length <= most) return id;
  const tail = 4;
  return `${id.slice(0, most - tail - 1)}…${id.slice(-tail)}`;
}
