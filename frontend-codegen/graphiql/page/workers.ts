// Tells the editor where its workers are: files of this server, whose names the page carries.

/** Chosen by the label that the editor gives; one that it does not know is the general one. */
function fileOf(label: string): string {
  const { editorWorker, graphqlWorker, jsonWorker } = document.documentElement.dataset;
  const file = label === "graphql" ? graphqlWorker : label === "json" ? jsonWorker : editorWorker;
  if (!file) throw new Error(`The page does not name the worker for ${label}.`);
  return file;
}

globalThis.MonacoEnvironment = {
  getWorker: (_id: string, label: string) =>
    new Worker(new URL(fileOf(label), import.meta.url), { type: "module", name: label }),
};
