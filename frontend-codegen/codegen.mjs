// How the typed documents in src/generated are made, from the schema and from operations/*.graphql.
//
// The schema is ../schema.graphql, or what PENNYPOST_SCHEMA names: another file, or the address of a running server.
// A server in production answers introspection only to who has signed in: PENNYPOST_TOKEN is an access token for it.
const source = process.env["PENNYPOST_SCHEMA"] || "../schema.graphql";
const token = process.env["PENNYPOST_TOKEN"];
const headers = token ? { Authorization: `Bearer ${token}` } : {};

/** @type {import("@graphql-codegen/cli").CodegenConfig} */
export default {
  // A server has to be asked for @oneOf, or its inputs come out as if all their fields were optional.
  schema: /^https?:/.test(source) ? [{ [source]: { headers, oneOf: true } }] : source,
  documents: "operations/**/*.graphql",
  emitLegacyCommonJSImports: false,
  importExtension: ".js",
  generates: {
    "src/generated/": {
      preset: "client",
      // A fragment's fields are read where the operation was asked for: this package has no components to hide them in.
      presetConfig: {
        fragmentMasking: false,
        // The trusted documents, persisted-documents.json: each document below `sha256:` and the hash of its text, which the
        // typed document carries, too.
        persistedDocuments: { mode: "embedHashInDocument", hashAlgorithm: "sha256" },
      },
      config: {
        strictScalars: true,
        // Money and moments stay text: no number in JavaScript holds a decimal.
        scalars: {
          CurrencyCode: "string",
          Date: "string",
          DateTime: "string",
          Decimal: "string",
          ID: { input: "string", output: "string" },
          JSON: "unknown",
        },
        useTypeImports: true,
      },
    },
  },
};
