// Which breaking changes between two schemas a changelog is silent about, by graphql-inspector.
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

/** All breaking changes from one schema to the next, and those that the changelog's section "Unreleased" does not name. */
export async function breakingChanges(released, present, changelog) {
  const changes = await diff(buildSchema(released), buildSchema(present));
  const breaking = changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .map(({ message, path, type }) => ({ message, coordinate: path ? coordinate(path) : type }));
  const named = namesIn(unreleased(changelog));
  return { breaking, unnamed: breaking.filter((change) => !named.has(change.coordinate)) };
}

/** The text between the heading "Unreleased" and the next of its rank. */
function unreleased(changelog) {
  const [, section] = /^## \[?Unreleased\]?[^\n]*\n(.*?)(?=^## |(?![^]))/ms.exec(changelog) ?? [];
  if (section === undefined) throw new Error('The changelog has no section "Unreleased".');
  return section;
}

/** What stands in backticks. */
function namesIn(text) {
  return new Set(Array.from(text.matchAll(/`([^`\n]+)`/g), ([, name]) => name));
}

/** Where a change is, as the specification of GraphQL writes it: `Type.field(argument:)`. */
function coordinate(path) {
  const parts = path.split(".");
  if (path.startsWith("@")) return parts.length > 1 ? `${parts[0]}(${parts[1]}:)` : path;
  return parts.length > 2 ? `${parts[0]}.${parts[1]}(${parts[2]}:)` : path;
}
