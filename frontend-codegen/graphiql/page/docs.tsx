// The explorer of the schema, and a sentence in its place where the server shows the schema only to who has signed in.
import { DOC_EXPLORER_PLUGIN, DocExplorer } from "@graphiql/plugin-doc-explorer";
import { type GraphiQLPlugin, useGraphiQL } from "@graphiql/react";

import { SIGN_IN_FIRST } from "./fetcher.ts";

export const DOCS: GraphiQLPlugin = { ...DOC_EXPLORER_PLUGIN, content: Docs };

/** The explorer by itself would say that there was an error, and not that there is something to do. */
function Docs() {
  const isClosed = useGraphiQL((state) => state.fetchError?.includes(SIGN_IN_FIRST) ?? false);
  return isClosed ? <p className="docs-closed">{SIGN_IN_FIRST}</p> : <DocExplorer />;
}
