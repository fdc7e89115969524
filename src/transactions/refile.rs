//! What becomes of transactions when their category or their account goes: a person says where to, and that stays.

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::accounts::change as accounts;
use crate::accounts::note::note_deleted as note_account_deleted;
use crate::audit::Author;
use crate::categories::change as categories;
use crate::categories::note::note_deleted as note_category_deleted;
use crate::categories::tree::Tree;
use crate::db::schema::transactions;
use crate::error::{Code, Error, Result};

type Names = Array<Nullable<Text>>;

/// What a person says here is an edit like any other: no reading of the mails undoes it.
const WITH_CATEGORY: &str = "array_append(array_remove(edited_fields, 'category_id'), 'category_id')";
const WITH_ACCOUNT: &str = "array_append(array_remove(edited_fields, 'account_id'), 'account_id')";

/// Where rows go whose category is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To this category.
    To(Uuid),
    /// To none: without a category, or at the top.
    Nowhere,
}

impl Destination {
    fn id(self) -> Option<Uuid> {
        match self {
            Self::To(id) => Some(id),
            Self::Nowhere => None,
        }
    }
}

/// Deletes a category of `user_id`. `InUse` where it has transactions or categories below it, and nothing says where they go.
pub async fn delete_category(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    transactions_to: Option<Destination>,
    children_to: Option<Destination>,
    author: &Author,
) -> Result<()> {
    conn.transaction(async |conn| {
        let tree = Tree::lock(conn, user_id).await?;
        let own = categories::lock(conn, user_id, id).await?;
        let own = own.ok_or_else(|| Error::unknown("id", "category"))?;
        check_destination(&tree, id, transactions_to, "transactionsTo")?;
        check_destination(&tree, id, children_to, "childrenTo")?;
        let living = transactions::table
            .filter(transactions::user_id.eq(user_id))
            .filter(transactions::category_id.eq(id))
            .filter(transactions::deleted_at.is_null());
        if transactions_to.is_none() && diesel::select(exists(living)).get_result(conn).await? {
            let message = "The category has transactions: say where they go.";
            return Err(Error::rejected("transactionsTo", Code::InUse, message));
        }
        if tree.has_children(id) {
            let Some(to) = children_to else {
                let message = "There are categories below it: say where they go.";
                return Err(Error::rejected("childrenTo", Code::InUse, message));
            };
            tree.check_adoption(id, to.id())?;
            categories::adopt(conn, user_id, id, to.id()).await?;
        }
        if let Some(to) = transactions_to {
            let set = (
                transactions::category_id.eq(to.id()),
                transactions::edited_fields.eq(sql::<Names>(WITH_CATEGORY)),
            );
            let rows = transactions::table.filter(transactions::user_id.eq(user_id));
            diesel::update(rows.filter(transactions::category_id.eq(id))).set(set).execute(conn).await?;
        }
        let moved = [
            ("transactionsTo", transactions_to.and_then(Destination::id)),
            ("childrenTo", children_to.and_then(Destination::id)),
        ];
        note_category_deleted(conn, author, &own, &moved).await?;
        Ok(categories::delete(conn, user_id, id).await?)
    })
    .await
}

/// Deletes an account of `user_id`, and has another one of the same currency take over its transactions and the masks by which mails
/// name it. `InUse` where it has transactions, and nothing says which.
pub async fn delete_account(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    transactions_to: Option<Uuid>,
    author: &Author,
) -> Result<()> {
    conn.transaction(async |conn| {
        let own = accounts::lock(conn, user_id, id).await?.ok_or_else(|| Error::unknown("id", "account"))?;
        match transactions_to {
            Some(to) => {
                let rejected = |message: &str| Error::rejected("transactionsTo", Code::Invalid, message);
                if to == id {
                    return Err(rejected("The account cannot take over its own transactions."));
                }
                let other = accounts::hold(conn, user_id, to).await?;
                let other = other.ok_or_else(|| Error::unknown("transactionsTo", "account"))?;
                if other.currency != own.currency {
                    return Err(rejected("The other account is in another currency."));
                }
                let set = (
                    transactions::account_id.eq(to),
                    transactions::edited_fields.eq(sql::<Names>(WITH_ACCOUNT)),
                );
                let rows = transactions::table.filter(transactions::user_id.eq(user_id));
                diesel::update(rows.filter(transactions::account_id.eq(id))).set(set).execute(conn).await?;
                accounts::move_masks(conn, user_id, id, to).await?;
            }
            None if accounts::is_used(conn, user_id, id).await? => {
                let message =
                    "The account has transactions, maybe deleted ones: say which account takes them over.";
                return Err(Error::rejected("transactionsTo", Code::InUse, message));
            }
            None => {}
        }
        note_account_deleted(conn, author, &own, &[("transactionsTo", transactions_to)]).await?;
        Ok(accounts::delete(conn, user_id, id).await?)
    })
    .await
}

fn check_destination(tree: &Tree, id: Uuid, to: Option<Destination>, field: &str) -> Result<()> {
    match to {
        Some(Destination::To(to)) if to == id => {
            Err(Error::rejected(field, Code::Invalid, "This is the category that is to be deleted."))
        }
        Some(Destination::To(to)) if !tree.holds(to) => Err(Error::unknown(field, "category")),
        _ => Ok(()),
    }
}
