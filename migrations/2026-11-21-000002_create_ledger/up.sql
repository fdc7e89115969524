CREATE TABLE categories (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    parent_id uuid CHECK (parent_id <> id),
    kind text NOT NULL CHECK (kind IN ('INCOME', 'EXPENSE', 'TRANSFER')),
    colour text CHECK (colour ~ '^#[0-9a-f]{6}$'),
    icon text CHECK (length(icon) BETWEEN 1 AND 50),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    CONSTRAINT categories_parent_fkey FOREIGN KEY (user_id, parent_id) REFERENCES categories (user_id, id)
        ON DELETE SET NULL (parent_id)
);
CREATE UNIQUE INDEX categories_name_key ON categories (user_id, parent_id, lower(name)) NULLS NOT DISTINCT;
COMMENT ON TABLE categories IS 'What money is earned or spent on; each user has their own, a starter set at sign-up.';
COMMENT ON COLUMN categories.id IS 'UUID version 7.';
COMMENT ON COLUMN categories.user_id IS 'The owner.';
COMMENT ON COLUMN categories.name IS 'Unique among the siblings, ignoring case.';
COMMENT ON COLUMN categories.parent_id IS 'The category above; null at the top.';
COMMENT ON COLUMN categories.kind IS 'INCOME, EXPENSE or TRANSFER; a refund is a positive amount in an EXPENSE category.';
COMMENT ON COLUMN categories.colour IS 'sRGB as #rrggbb in lower case; null when none was chosen.';
COMMENT ON COLUMN categories.icon IS 'The name of an icon, for front ends; null when none was chosen.';
COMMENT ON COLUMN categories.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN categories.updated_at IS 'When the row last changed.';

CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    issuer text CHECK (length(issuer) BETWEEN 1 AND 255),
    kind text NOT NULL CHECK (kind IN ('BANK', 'CARD', 'WALLET', 'CASH', 'OTHER')),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    opening_balance numeric(20, 4) NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id)
);
CREATE UNIQUE INDEX accounts_name_key ON accounts (user_id, lower(name));
COMMENT ON TABLE accounts IS 'Where money is held: bank accounts, cards and wallets, mostly learned from the masks in mails.';
COMMENT ON COLUMN accounts.id IS 'UUID version 7.';
COMMENT ON COLUMN accounts.user_id IS 'The owner.';
COMMENT ON COLUMN accounts.name IS 'Unique among the user''s accounts, ignoring case.';
COMMENT ON COLUMN accounts.issuer IS 'The domain of the bank or shop that writes about the account; null when unknown.';
COMMENT ON COLUMN accounts.kind IS 'BANK, CARD, WALLET, CASH or OTHER.';
COMMENT ON COLUMN accounts.currency IS 'ISO 4217 code of the account''s own currency.';
COMMENT ON COLUMN accounts.opening_balance IS 'What the account held before its first transaction, in its own currency.';
COMMENT ON COLUMN accounts.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN accounts.updated_at IS 'When the row last changed.';

CREATE TABLE account_masks (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    account_id uuid NOT NULL,
    issuer text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 255),
    kind text NOT NULL CHECK (kind IN ('BANK', 'CARD', 'WALLET', 'CASH', 'OTHER')),
    mask text NOT NULL CHECK (length(mask) BETWEEN 1 AND 34),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    CONSTRAINT account_masks_mask_key UNIQUE (user_id, issuer, kind, mask),
    CONSTRAINT account_masks_account_fkey FOREIGN KEY (user_id, account_id) REFERENCES accounts (user_id, id)
        ON DELETE CASCADE
);
CREATE INDEX account_masks_account_index ON account_masks (user_id, account_id);
COMMENT ON TABLE account_masks IS 'The shortened numbers by which mails name an account.';
COMMENT ON COLUMN account_masks.id IS 'UUID version 7.';
COMMENT ON COLUMN account_masks.user_id IS 'The owner.';
COMMENT ON COLUMN account_masks.account_id IS 'The account that the mask stands for.';
COMMENT ON COLUMN account_masks.issuer IS 'The domain that uses the mask.';
COMMENT ON COLUMN account_masks.kind IS 'What the mask shortens: an account''s number (BANK), a card''s (CARD) and so on.';
COMMENT ON COLUMN account_masks.mask IS 'The digits and letters that the mail shows, without the filling.';
COMMENT ON COLUMN account_masks.created_at IS 'When the row was inserted.';
COMMENT ON COLUMN account_masks.updated_at IS 'When the row last changed.';

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON categories FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON account_masks FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
