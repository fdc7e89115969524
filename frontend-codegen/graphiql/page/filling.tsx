// Fills the editors with what the page knows: the token of who is signed in, and the id of the job made last.
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef } from "react";

import { SIGN_IN_FIRST } from "./fetcher.ts";
import { authorizationIn, bearer, withAuthorization } from "./headers.ts";
import type { Session } from "./session.ts";
import { withJobId } from "./tabs.ts";

/** Shows nothing. Each tab has headers and variables of its own, so it looks again whenever another tab is shown. */
export function Filling({ session, jobId }: { session: Session | null; jobId: string | null }) {
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const responseEditor = useGraphiQL((state) => state.responseEditor);
  const shownTab = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  const { introspect } = useGraphiQLActions();
  const written = useRef(new Set<string>());
  const token = session?.token;

  useEffect(() => {
    if (!headerEditor) return;
    const text = headerEditor.getValue();
    const there = authorizationOf(text);
    // What a person wrote there is theirs: only what is absent, or was written here, is replaced.
    if (there !== undefined && !written.current.has(there)) return;
    const value = token === undefined ? undefined : bearer(token);
    if (value !== undefined) written.current.add(value);
    const filled = withAuthorization(text, value);
    if (filled !== null) headerEditor.setValue(filled);
  }, [headerEditor, shownTab, token]);

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
    void introspect();
  }, [token, responseEditor, introspect]);

  return null;
}

function authorizationOf(text: string): string | undefined {
  try {
    return text.trim() === "" ? undefined : authorizationIn(JSON.parse(text) as Record<string, string>);
  } catch {
    return undefined;
  }
}
