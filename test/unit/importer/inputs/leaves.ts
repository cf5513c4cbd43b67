import { isCollection, isMap, isPair, isScalar, isSeq, parseDocument, visit } from "yaml";
import { spell } from "../../../../settings/schema/path.ts";

/** Places of all values in a file, as written: aliases do not count. */
export function placesOf(text: string): string[] {
  const document = parseDocument(text);
  const places: string[] = [];
  visit(document, {
    Node(key, node, ancestors) {
      const isValue = key !== "key" && (isScalar(node) || (isCollection(node) && node.items.length === 0));
      if (!isValue) return;
      const path = [...ancestors, node].flatMap((inner, at, all): (string | number)[] => {
        const outer = all[at - 1];
        if (isPair(inner)) return [String(isScalar(inner.key) ? inner.key.value : inner.key)];
        return isSeq(outer) ? [outer.items.indexOf(inner)] : [];
      });
      places.push(spell(path));
    },
    Pair(_, pair, ancestors) {
      // A key without a value.
      if (pair.value !== null || !isMap(ancestors.at(-1))) return;
      const keys = [...ancestors, pair].flatMap((inner) =>
        isPair(inner) ? [String((inner.key as { value: unknown }).value)] : [],
      );
      places.push(spell(keys));
    },
  });
  return places;
}
