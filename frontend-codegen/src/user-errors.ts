// What a mutation refuses as a matter of course: data in the answer, and an error for who wants to throw it.
import type { UserErrorCode, UserErrorFieldsFragment } from "./generated/graphql.js";

/** The mutation did not do what it was asked, and its payload says why. */
export class UserErrors extends Error {
  override readonly name = "UserErrors";
  /** The stable code of the first one. */
  readonly code: UserErrorCode;

  constructor(
    /** All of them, as the payload had them. */
    readonly errors: readonly UserErrorFieldsFragment[],
  ) {
    const [first] = errors;
    if (!first) throw new RangeError("There is no user error to throw.");
    super(errors.map(({ message }) => message).join(" "));
    this.code = first.code;
  }

  /** How many seconds to wait before the next try; null when waiting does not help. */
  get retryAfterSeconds(): number | null {
    const waits = this.errors.flatMap(({ retryAfterSeconds }) => retryAfterSeconds ?? []);
    return waits.length > 0 ? Math.max(...waits) : null;
  }

  /** What is wrong with one field of the input, for a form: `at("amount")`, `at("originalAmount", "currency")`. */
  at(...field: string[]): readonly UserErrorFieldsFragment[] {
    return this.errors.filter((error) => error.field?.join("\0") === field.join("\0"));
  }
}

/** A payload, or one row of a bulk mutation's. */
interface Payload {
  readonly userErrors: readonly UserErrorFieldsFragment[];
}

/** The payload of a mutation that was done; throws {@link UserErrors} for one that was not. */
export function expectNoUserErrors<Done extends Payload>(payload: Done): Done {
  if (payload.userErrors.length > 0) throw new UserErrors(payload.userErrors);
  return payload;
}

/**
 * What a mutation has made or changed: `expectDone(createAccount, "account")`. Throws {@link UserErrors} when it was not
 * done, and an error of its own when the payload holds nothing although it was.
 */
export function expectDone<Done extends Payload, Name extends keyof Done>(
  payload: Done,
  name: Name,
): NonNullable<Done[Name]> {
  const value = expectNoUserErrors(payload)[name];
  if (value === null || value === undefined) throw new Error(`The mutation was done, and has no ${String(name)}.`);
  return value;
}
