// The pages of a ledger as Relay asks for them: fragments, connections that grow, and objects fetched again by their ids.
import { graphql } from "relay-runtime";

// A page of one's own: refetched through `node`, since a user is one.
graphql`
  query ledgerQuery($first: Int!, $period: PeriodInput!) {
    me {
      displayName
      ...ledger_transactions @arguments(first: $first)
      spending(period: $period) {
        spent {
          ...ledger_money
        }
      }
    }
    ...ledger_categories
  }
`;

graphql`
  fragment ledger_transactions on User
  @refetchable(queryName: "ledgerTransactionsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 25 }
    after: { type: "String" }
    filter: { type: "TransactionFilter" }
    orderBy: { type: "TransactionOrder", defaultValue: BOOKED_ON_DESC }
  ) {
    transactions(first: $first, after: $after, filter: $filter, orderBy: $orderBy)
      @connection(key: "ledger_transactions", filters: ["filter", "orderBy"]) {
      totalCount
      edges {
        node {
          ...ledger_transaction
        }
      }
    }
  }
`;

// A page at the root, backwards.
graphql`
  fragment ledger_categories on Query
  @refetchable(queryName: "ledgerCategoriesPageQuery")
  @argumentDefinitions(last: { type: "Int", defaultValue: 25 }, before: { type: "String" }) {
    categories(last: $last, before: $before) @connection(key: "ledger_categories") {
      edges {
        node {
          name
          kind
          parent {
            name
          }
        }
      }
    }
  }
`;

// One object, fetched again by its id.
graphql`
  fragment ledger_transaction on Transaction @refetchable(queryName: "ledgerTransactionAgainQuery") {
    bookedOn
    merchant
    amount {
      ...ledger_money
    }
    account {
      name
    }
  }
`;

graphql`
  fragment ledger_money on Money {
    amount
    currency
  }
`;

// Any object by its id, and several of them.
graphql`
  query ledgerNodeQuery($id: ID!, $ids: [ID!]!) {
    node(id: $id) {
      __typename
      ...ledger_transaction @alias
      ... on Job {
        state
      }
    }
    nodes(ids: $ids) {
      id
      ... on Email {
        subject
      }
    }
  }
`;
