// Fills in what the page has learnt: the id of the job made last, and the schema, once somebody has signed in.
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef } from "react";

import { SIGN_IN_FIRST } from "./fetcher.ts";
import type { Session } from "./session.ts";
import { withJobId } from "./tabs.ts";

/** Shows nothing. Each tab has variables of its own, so it looks again whenever another tab is shown. */
export function Filling({ session, jobId }: { session: Session | null; jobId: string | null }) {
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const responseEditor = useGraphiQL((state) => state.responseEditor);
  const shownTab = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  const hasSchema = useGraphiQL((state) => Boolean(state.schema));
  const { introspect } = useGraphiQLActions();
  const token = session?.token;

  useEffect(() => {
    if (!variableEditor || jobId === null) return;
    const filled = withJobId(variableEditor.getValue(), jobId);
    if (filled !== null) variableEditor.setValue(filled);
  }, [variableEditor, shownTab, jobId]);

  // In production the schema is shown only to who has signed in.
  const tokenBefore = useRef(token);
  useEffect(() => {
    if (tokenBefore.current === token) return;
    tokenBefore.current = token;
    if (responseEditor?.getValue().includes(SIGN_IN_FIRST)) responseEditor.setValue("");
    if (!hasSchema) void introspect();
  }, [token, hasSchema, responseEditor, introspect]);

  return null;
}
