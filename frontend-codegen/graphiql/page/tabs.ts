// What waits in the tabs: the main flow, from nothing to a ledger, one operation a tab.

interface Tab {
  readonly query: string;
  readonly variables?: string;
}

export const TABS: readonly Tab[] = [
  {
    query: `# 1. Make yourself a user: its token signs you in.
#    If you have one, sign in above instead.
mutation SignUp {
  register(
    input: {
      username: "ana"
      email: "ana@mail.example"
      password: "correct horse battery"
      timeZone: "Europe/Berlin"
    }
  ) {
    accessToken
    user {
      username
      baseCurrency
    }
    userErrors {
      code
      field
      message
    }
  }
}
`,
  },
  {
    query: `# 2. Connect the demo mailbox: invented mails
#    of invented banks and shops.
mutation ConnectDemo {
  createConnectedAccount(input: { provider: DEMO }) {
    connectedAccount {
      id
      address
      status
    }
    userErrors {
      code
      message
    }
  }
}
`,
  },
  {
    query: `# 3. Fetch its mails. The answer comes at once,
#    the work goes on as a job; the next tab gets
#    its id.
mutation Fetch {
  fetchEmails(input: { source: { provider: DEMO } }) {
    isDeduplicated
    job {
      id
      state
    }
    userErrors {
      code
      message
    }
  }
}
`,
  },
  {
    query: `# 4. Watch the job until it ends: every version
#    above afterVersion. Without that the first
#    event is its present state.
subscription WatchJob($jobId: ID!, $afterVersion: Int) {
  jobEvents(jobId: $jobId, afterVersion: $afterVersion) {
    version
    kind
    state
    attempt
    at
    progress {
      done
      total
      stored
      booked
      inReview
      failed
    }
    error {
      code
      message
    }
  }
}
`,
    variables: `{
  "jobId": "",
  "afterVersion": 0
}`,
  },
  {
    query: `# 5. The jobs so far. The fetch has enqueued one
#    that reads what it fetched.
query Jobs {
  jobs(first: 10) {
    nodes {
      id
      kind
      state
      version
      progress {
        done
        total
        stored
        booked
      }
    }
  }
}
`,
  },
  {
    query: `# 6. The ledger, the newest first, each row with
#    the mail that it was read in.
query Transactions($first: Int, $after: String) {
  transactions(first: $first, after: $after) {
    totalCount
    nodes {
      bookedOn
      merchant
      amount {
        amount
        currency
      }
      category {
        name
      }
      account {
        name
      }
      email {
        subject
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
    variables: `{
  "first": 10
}`,
  },
];

/** The variables with the id of a job in them, where they wait for one; null where they do not. */
export function withJobId(variables: string | null, jobId: string): string | null {
  try {
    const values = JSON.parse(variables || "{}") as Record<string, unknown>;
    if (typeof values["jobId"] !== "string" || values["jobId"] === jobId) return null;
    return JSON.stringify({ ...values, jobId }, null, 2);
  } catch {
    return null;
  }
}
