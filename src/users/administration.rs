//! What an admin does to users: another role, and whether they may sign in. There is always an admin who can.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes};
use crate::db::schema::users;
use crate::error::{Code, Error, Result};
use crate::users::{User, session};
use crate::viewer::Role;

/// Gives a user another role, in one transaction. `InUse` for the last admin.
pub async fn set_role(
    conn: &mut AsyncPgConnection,
    author: &Author,
    user_id: Uuid,
    role: Role,
) -> Result<User> {
    conn.transaction(async |conn| {
        let before = lock(conn, user_id).await?;
        if before.role() == role {
            return Ok(before);
        }
        if role != Role::Admin && before.is_active {
            refuse_last_admin(conn, user_id).await?;
        }
        let row = diesel::update(users::table.find(user_id)).set(users::role.eq(role.as_str()));
        let after: User = row.returning(User::as_returning()).get_result(conn).await?;
        let changes = Changes::none().with("role", Some(&before.role), Some(&after.role));
        audit::record_of_user(conn, author, Action::UserRoleChanged, user_id, changes).await?;
        Ok(after)
    })
    .await
}

/// Lets a user sign in again, or signs them out until then, in one transaction. `InUse` for the last admin, and for whoever is
/// being deleted.
pub async fn set_active(
    conn: &mut AsyncPgConnection,
    author: &Author,
    user_id: Uuid,
    is_active: bool,
) -> Result<User> {
    conn.transaction(async |conn| {
        let before = lock(conn, user_id).await?;
        if is_active && is_leaving(conn, user_id).await? {
            let message = "This user is being deleted; there is no way back.";
            return Err(Error::rejected("userId", Code::InUse, message));
        }
        if before.is_active == is_active {
            return Ok(before);
        }
        let action = if is_active { Action::UserActivated } else { Action::UserDeactivated };
        if !is_active {
            if before.role() == Role::Admin {
                refuse_last_admin(conn, user_id).await?;
            }
            session::end_all(conn, user_id, None, author.now()).await?;
        }
        let row = diesel::update(users::table.find(user_id)).set(users::is_active.eq(is_active));
        let after: User = row.returning(User::as_returning()).get_result(conn).await?;
        audit::record_of_user(conn, author, action, user_id, Changes::none()).await?;
        Ok(after)
    })
    .await
}

async fn is_leaving(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<bool> {
    users::table.find(user_id).select(users::leaving_since.is_not_null()).first(conn).await
}

/// Keeps the admins who can sign in as they are until the transaction ends; `InUse` when that user is the only one. The locks,
/// taken in one order, keep two last admins from going at once.
pub async fn refuse_last_admin(conn: &mut AsyncPgConnection, user_id: Uuid) -> Result<()> {
    let admins: Vec<Uuid> = users::table
        .filter(users::role.eq(Role::Admin.as_str()))
        .filter(users::is_active)
        .select(users::id)
        .order(users::id)
        .for_update()
        .load(conn)
        .await?;
    if admins == [user_id] {
        return Err(Error::rejected(
            "",
            Code::InUse,
            "This is the last admin who can sign in. Make another one first.",
        ));
    }
    Ok(())
}

/// The user as they are until the transaction ends, after the admins were locked in their order: whoever locks one row first could wait for ever.
pub(super) async fn lock(conn: &mut AsyncPgConnection, user_id: Uuid) -> Result<User> {
    let is_admin = users::role.eq(Role::Admin.as_str());
    let rows = users::table.filter(users::id.eq(user_id).or(is_admin)).order(users::id);
    let locked: Vec<User> = rows.select(User::as_select()).for_update().load(conn).await?;
    let found = locked.into_iter().find(|user| user.id == user_id);
    found.ok_or_else(|| Error::unknown("userId", "user"))
}
