// The page: the sign-in box, and GraphiQL below it with the main flow in its tabs.
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "@graphiql/react/style.css";
import "graphiql/graphiql.css";
import "./page.css";

import { DocExplorerStore } from "@graphiql/plugin-doc-explorer";
import { HISTORY_PLUGIN, HistoryStore } from "@graphiql/plugin-history";
import { GraphiQLProvider } from "@graphiql/react";
import { GraphiQL, GraphiQLInterface } from "graphiql";
import { useMemo, useState, useSyncExternalStore } from "react";

import { DOCS } from "./docs.tsx";
import { createFetcher } from "./fetcher.ts";
import { Filling } from "./filling.tsx";
import { currentSession, onSession, setSession } from "./session.ts";
import { SignIn } from "./sign-in.tsx";
import { storage } from "./storage.ts";
import { TABS } from "./tabs.ts";

const PLUGINS = [DOCS, HISTORY_PLUGIN];
const DEFAULT_TABS = TABS.map(({ query, variables }) => ({ query, variables: variables ?? null }));

/** What an answer may hold that the next operation needs. */
interface Found {
  register?: Partial<SignedIn> | null;
  login?: Partial<SignedIn> | null;
  fetchEmails?: { job?: { id?: string } | null } | null;
  extractEmails?: { job?: { id?: string } | null } | null;
}
interface SignedIn {
  accessToken: string | null;
  user: { username?: string } | null;
}

export function Page() {
  const session = useSyncExternalStore(onSession, currentSession);
  const [jobId, setJobId] = useState<string | null>(null);
  const fetcher = useMemo(
    () =>
      createFetcher(({ data }) => {
        const found = (data ?? {}) as Found;
        const signedIn = found.register ?? found.login;
        if (signedIn?.accessToken) setSession({ token: signedIn.accessToken, name: signedIn.user?.username ?? "" });
        const job = (found.fetchEmails ?? found.extractEmails)?.job?.id;
        if (job) setJobId(job);
      }),
    [],
  );
  return (
    <GraphiQLProvider
      fetcher={fetcher}
      plugins={PLUGINS}
      referencePlugin={DOCS}
      defaultTabs={DEFAULT_TABS}
      storage={storage}
    >
      <HistoryStore>
        <DocExplorerStore>
          <SignIn session={session} />
          <GraphiQLInterface showPersistHeadersSettings={false} defaultEditorToolsVisibility="variables">
            <GraphiQL.Logo>
              <span className="page-name">GraphiQL</span>
            </GraphiQL.Logo>
          </GraphiQLInterface>
          <Filling session={session} jobId={jobId} />
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}
