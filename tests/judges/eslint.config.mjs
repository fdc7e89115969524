// Judges schema.graphql, from the top level, by the two presets of graphql-eslint for schemas, with two exceptions.
import graphql from "@graphql-eslint/eslint-plugin";

/** Output types that are values: they are only ever a part of something with an id, or a sum over such. */
const VALUES = [
  "AccountMask",
  "AuditChange",
  "CashFlow",
  "EmailStatistic",
  "JobError",
  "JobProgress",
  "JobStatistic",
  "LlmCost",
  "Money",
  "PageInfo",
  "QueueStat",
  "QueueStats",
  "SightingDraft",
  "Spending",
  "Statistics",
  "UserError",
  "UserStatistics",
];

export default [
  {
    files: ["schema.graphql"],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: "schema.graphql" } } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      // An id says that a thing can be found again. Nobody finds a payload, a page or a row's place in one again, nor a
      // sum of money: what these hold has its own id, or is nothing by itself.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        { exceptions: { types: VALUES, suffixes: ["Connection", "Edge", "Payload"] } },
      ],
      // A connection has `nodes` beside `edges`, for those who need no cursors, and small fixed lists are lists.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
    },
  },
];
