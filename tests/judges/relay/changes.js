// What changes a store of Relay: mutations that put edges into lists and take them out, and a subscription.
import { graphql } from "relay-runtime";

graphql`
  mutation changesCreateCategoryMutation($input: CreateCategoryInput!, $connections: [ID!]!) {
    createCategory(input: $input) {
      category @appendNode(connections: $connections, edgeTypeName: "CategoryEdge") {
        id
        name
      }
      userErrors {
        code
        field
        message
      }
    }
  }
`;

graphql`
  mutation changesDeleteCategoryMutation($input: DeleteCategoryInput!, $connections: [ID!]!) {
    deleteCategory(input: $input) {
      deletedCategoryId @deleteEdge(connections: $connections) @deleteRecord
      userErrors {
        code
      }
    }
  }
`;

// A choice with @oneOf, as a literal.
graphql`
  mutation changesFetchEmailsMutation {
    fetchEmails(input: { source: { provider: DEMO } }) {
      job {
        id
        state
      }
    }
  }
`;

graphql`
  subscription changesJobEventsSubscription($jobId: ID!, $afterVersion: Int) {
    jobEvents(jobId: $jobId, afterVersion: $afterVersion) {
      version
      state
      progress {
        done
        total
      }
      job {
        id
        state
      }
    }
  }
`;
