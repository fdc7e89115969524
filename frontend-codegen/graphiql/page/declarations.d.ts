// What the builder knows, and the types' checker does not.

declare module "*.css";

/** Where the editor looks for the way to its workers. */
declare var MonacoEnvironment: { getWorker(id: string, label: string): Worker } | undefined;
