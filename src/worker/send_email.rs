//! `SEND_EMAIL`: composes one of the server's own mails and sends it. At least once: a crash between the two sends it again.

use diesel_async::AsyncConnection;
use serde_json::json;

use crate::app::App;
use crate::jobs::{JobError, Outcome, Outgoing, Progress, RunningJob};
use crate::mailer::Letter;
use crate::users::password::Password;
use crate::users::{User, password_reset, user};
use crate::worker::letters;

/// Sends the mail. One to a user who is gone is done with nothing sent.
pub async fn run(app: &App, running: &RunningJob, outgoing: Outgoing) -> Result<Outcome, JobError> {
    running.keep_going()?;
    // The connection goes back before the mail server is asked, which may take its time.
    let mut conn = app.pool.connection().await?;
    let user = user::find(&mut conn, outgoing.user_id()).await?;
    drop(conn);
    if let Some(user) = &user {
        app.mailer.send(&compose(app, running, &outgoing, user).await?).await?;
    } else if let Outgoing::PasswordReset { .. } = outgoing {
        // It takes the core that hashes for as long as for a user: a stranger who signs in meanwhile waits alike.
        app.hasher.for_known().hash(Password::of_code(&password_reset::new_code())).await?;
    }
    let sent = i64::from(user.is_some());
    let progress = Progress { done: sent, total: Some(sent), ..Progress::default() };
    Ok(Outcome::done(json!({ "sent": sent }), progress))
}

async fn compose(
    app: &App,
    running: &RunningJob,
    outgoing: &Outgoing,
    user: &User,
) -> Result<Letter, JobError> {
    let frontend_url = &app.config.frontend_url;
    Ok(match outgoing {
        Outgoing::Welcome { .. } => letters::welcome(user, frontend_url),
        Outgoing::RefreshTokenReused { .. } => letters::refresh_token_reused(user, frontend_url),
        Outgoing::PasswordReset { .. } => {
            let code = make_code(app, running, user).await?;
            letters::password_reset(user, &code, frontend_url)
        }
    })
}

/// A new code, whose hash is stored behind the job's fence: a worker that has lost the job replaces no code that another has
/// sent. A retry makes another one.
async fn make_code(app: &App, running: &RunningJob, user: &User) -> Result<String, JobError> {
    let code = password_reset::new_code();
    let hash = app.hasher.for_known().hash(Password::of_code(&code)).await?;
    let mut conn = app.pool.connection().await?;
    let now = app.clock.now();
    conn.transaction(async |conn| {
        running.checkpoint(conn, &json!({}), &running.progress()).await?;
        password_reset::store(conn, user.id, &hash, now).await?;
        Ok::<_, JobError>(())
    })
    .await?;
    running.committed();
    Ok(code)
}
